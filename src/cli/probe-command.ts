import type { Command } from 'commander';
import { printable, toHex } from '../bytes/index.ts';
import { NoteError, parseVkey } from '../note/index.ts';
import { generateKey, readKeyFile } from '../statement/index.ts';
import { type ProbeOptions, type ProbeResult, probeSeeder } from '../swarm/index.ts';
import { parseMagnet, readTorrentFile } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import { ownAddressOption } from './own-address.ts';
import { formatSize } from './size.ts';
import { parseHostPort } from './tally-options.ts';
import { parseTorrentOf } from './torrent-file.ts';

interface ProbeFlags {
  readonly identity?: boolean;
  readonly expect?: string;
  readonly signWith?: string;
  readonly localAddress?: string;
  readonly timeout: string;
}

const LONGEST_SECONDS = 3600;

/** Adds `bitquorum probe`. */
export function addProbeCommand(program: Command): void {
  program
    .command('probe')
    .description('ask a seeder for one random block with its proof, and whose seeder it is')
    .argument('<host:port>', 'where it listens')
    .argument('<source>', 'magnet link (with "xt=urn:btmh:…") or .torrent file')
    .option('--identity', "have it prove its builder's key, too; it does so to who dialled it, not to relays")
    .option('--expect <key>', 'fail unless it proves this key: a vkey or 64 hex digits')
    .option('--sign-with <file>', 'private key to ask with; a new one each time if not given')
    .addOption(ownAddressOption('--local-address', 'address to connect from'))
    .option('--timeout <seconds>', 'for everything together', '20')
    .action((place: string, source: string, flags: ProbeFlags, command: Command) =>
      probe(place, source, flags, command),
    );
}

async function probe(place: string, text: string, flags: ProbeFlags, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const address = parsePlace(place);
  const result = await probeSeeder({
    ...address,
    ...(await readSource(text)),
    identity: await questionOf(flags),
    localAddress: flags.localAddress,
    timeoutMs: parseSeconds(flags.timeout) * 1000,
    signal,
  });
  const { metainfo, pieceIndex, blockIndex, proof, client, identity } = result;
  const { receivedBytes, sentBytes, milliseconds } = result;
  output.result(
    {
      ...address,
      infoHashV2: toHex(metainfo.infoHashV2),
      name: metainfo.name,
      pieceIndex,
      blockIndex,
      proof,
      client: client ?? null,
      identity: identity ?? null,
      receivedBytes,
      sentBytes,
      milliseconds: Number(milliseconds.toFixed(1)),
    },
    describe(result),
  );
}

function describe(result: ProbeResult): string {
  const { metainfo, pieceIndex, blockIndex, proof, client, identity } = result;
  const { receivedBytes, sentBytes, milliseconds } = result;
  const how = proof === 'block' ? 'up to the root of its file' : 'with the rest of its piece';
  return [
    `verified  block ${blockIndex} of piece ${pieceIndex} of ${printable(metainfo.name)}, ${how}`,
    `cost      ${formatSize(receivedBytes)} received, ${formatSize(sentBytes)} sent, ${milliseconds.toFixed(0)} ms`,
    `client    ${client === undefined ? 'not told' : printable(client)}`,
    ...(identity === undefined ? [] : [`builder   ${identity}`]),
  ].join('\n');
}

function parsePlace(text: string): PeerAddress {
  const address = parseHostPort(text);
  if (address.port > 0) return address;
  throw new UsageError(`${JSON.stringify(text)} has no port: give HOST:PORT, such as 127.0.0.1:6881`);
}

async function readSource(text: string): Promise<Pick<ProbeOptions, 'infoHash' | 'metainfo'>> {
  if (!/^magnet:/i.test(text)) {
    const metainfo = parseTorrentOf(text, await readTorrentFile(text));
    return { infoHash: metainfo.infoHashV2, metainfo };
  }
  const { infoHashV2: infoHash } = parseMagnet(text);
  if (infoHash) return { infoHash };
  throw new UsageError('the magnet link has a v1 infohash only: give one with "xt=urn:btmh:1220…"');
}

async function questionOf({ identity, expect, signWith }: ProbeFlags): Promise<ProbeOptions['identity']> {
  if (identity !== true && expect === undefined) {
    if (signWith === undefined) return undefined;
    throw new UsageError('--sign-with says with which key to ask: give --identity as well');
  }
  const signer = signWith === undefined ? generateKey('probe') : await readKeyFile(signWith);
  return { signer, ...(expect !== undefined && { expectedKey: parseKey(expect) }) };
}

function parseKey(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  try {
    return toHex(parseVkey(text).publicKey);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new UsageError(`--expect ${JSON.stringify(text)}: give a vkey or 64 hex digits`);
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new UsageError(`--timeout ${JSON.stringify(text)}: give seconds, at most ${LONGEST_SECONDS}`);
}
