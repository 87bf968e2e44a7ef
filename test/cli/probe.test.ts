// `bitquorum probe` and `bitquorum seed --identity` as processes: what they print, and how they end.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../src/bytes/index.ts';
import { generateKey, writeKeyFile } from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet } from '../../src/torrent/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { startRelay } from '../swarm/relay.ts';
import { startScripted } from '../swarm/scripted-peer.ts';

const program = fileURLToPath(new URL('../../src/cli/bitquorum.ts', import.meta.url));
const builder = generateKey('builder');
const PIECE_LENGTH = 16 * 1024; // of content that small; all pieces are full, whichever is asked for

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function probe(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'probe', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function seeding(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(19 * PIECE_LENGTH, 4) }, 'hybrid');
  const engine = new Engine({ host: '127.0.80.1' });
  context.after(() => engine.close());
  const { host, port } = await engine.listen();
  await engine.seed(made.torrent, made.path, { identity: { signer: builder } });
  const file = join(folder, 'content.torrent');
  await writeFile(file, made.torrent);
  return { ...made, folder, file, host, port, place: `${host}:${port}`, magnet: formatMagnet(made.metainfo) };
}

test('a seeder is probed by magnet link and by .torrent file, in words and as JSON, with its key', async (context) => {
  const { place, magnet, file, metainfo, host, port } = await seeding(context);
  const words = await probe(place, magnet, '--expect', builder.vkey);
  assert.equal(words.code, 0, words.stderr);
  assert.match(words.stdout, /^verified {2}block \d+ of piece \d+ of content, up to the root of its file\n/);
  assert.match(words.stdout, /\ncost {6}1\d KiB received, .* sent, \d+ ms\n/);
  assert.match(words.stdout, /\nclient {4}bitquorum 0\.1\n/);
  assert.ok(words.stdout.includes(`builder   ${builder.key}\n`));
  const json = await probe(place, file, '--json');
  const document = JSON.parse(json.stdout) as Record<string, unknown>;
  const { pieceIndex, blockIndex, receivedBytes, sentBytes, milliseconds, ...rest } = document;
  assert.deepEqual(rest, {
    host,
    port,
    infoHashV2: toHex(metainfo.infoHashV2),
    name: 'content',
    proof: 'block',
    client: 'bitquorum 0.1',
    identity: null,
  });
  for (const figure of [pieceIndex, blockIndex, receivedBytes, sentBytes, milliseconds]) {
    assert.equal(typeof figure, 'number');
  }
});

test('what is wrong has its exit code: 4 for a lie, 1 for no proof and nobody there, 2 for wrong use', async (context) => {
  const { place, magnet, host, port, metainfo } = await seeding(context);
  const relay = await startRelay(context, '127.0.80.2', { host, port });
  const liar = await startScripted(context, '127.0.80.3', metainfo, ({ length }) => patternBytes(length, 9), {
    hashes: ({ length }) => new Uint8Array(32 * length),
  });
  const ends: readonly (readonly [code: number, says: RegExp, args: readonly string[]])[] = [
    [4, /is not of key/, [place, magnet, '--expect', 'ab'.repeat(32)]],
    [4, /error/, [`${liar.host}:${liar.port}`, magnet]],
    [1, /the address is not its own/, [`${relay.host}:${relay.port}`, magnet, '--identity']],
    [1, /cannot be reached/, ['127.0.80.4:9', magnet]],
    [2, /has no port/, ['127.0.80.1', magnet]],
    [2, /give a vkey or 64 hex digits/, [place, magnet, '--expect', 'me']],
    [2, /give --identity as well/, [place, magnet, '--sign-with', 'a.key']],
    [2, /v1 infohash only/, [place, `magnet:?xt=urn:btih:${'ab'.repeat(20)}`]],
    [2, /give seconds/, [place, magnet, '--timeout', '0']],
  ];
  for (const [code, says, args] of ends) {
    const ended = await probe(...args);
    assert.match(ended.stderr, says);
    assert.equal(ended.code, code, ended.stderr);
  }
});

test('bitquorum seed proves the key of the file it was given', async (context) => {
  const folder = await temporaryFolder(context);
  const { path } = await makeTorrent(folder, 'content', { '': patternBytes(90_000, 5) }, 'v2');
  const key = join(folder, 'builder.key');
  const verifier = join(folder, 'verifier.key');
  await writeKeyFile(key, builder);
  await writeKeyFile(verifier, generateKey('verifier'));
  const child = spawn(process.execPath, [program, 'seed', path, '--identity', key, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close');
  context.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { port } = JSON.parse((await lines.next()).value as string) as { port: number };
  const { magnet } = JSON.parse((await lines.next()).value as string) as { magnet: string };
  const ended = await probe(`127.0.0.1:${port}`, magnet, '--identity', '--sign-with', verifier, '--json');
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal((JSON.parse(ended.stdout) as { identity: string }).identity, builder.key);
});
