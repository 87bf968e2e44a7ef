import { randomBytes, randomInt } from 'node:crypto';
import { equalBytes, type InfoHashV2, type PeerId, toHex } from '../../bytes/index.ts';
import { type Metainfo, parseInfo } from '../../torrent/index.ts';
import { METADATA_EXTENSION } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import { loadVerifier, type VerifySignature } from '../extensions/identity-keys.ts';
import { type IdentityQuestion, IdentityVerifier } from '../extensions/identity-verifier.ts';
import { MetadataExtension } from '../extensions/metadata.ts';
import { type AskCost, type AskOptions, askSeeder, type Question } from './ask-seeder.ts';
import { type ProvenBlock, proveAnyBlock } from './block-proof.ts';
import type { LonePeer } from './lone-peer.ts';

export interface ProbeOptions extends AskOptions {
  /** Saves fetching the metadata, when it is known. */
  readonly metainfo?: Metainfo | undefined;
  /** From 0 to below 1: chooses the block. The system's random source unless given, which nobody foresees. */
  readonly random?: () => number;
  /** Asks for the builder's key as well, before anything else. */
  readonly identity?: IdentityQuestion | undefined;
}

export interface ProbeResult extends ProvenBlock, AskCost {
  /** Without piece layers when it was not given. */
  readonly metainfo: Metainfo;
  /** The builder's key that was proven, 64 hex digits, when it was asked for. */
  readonly identity: string | undefined;
}

export interface ProveIdentityOptions extends AskOptions, IdentityQuestion {}

export interface ProvenIdentity extends AskCost {
  /** The builder's key, 64 hex digits. */
  readonly identity: string;
}

/** Bytes that a proof of a key may cost: the extension handshake, the seeder's bitfield and what it says besides. */
const IDENTITY_BYTES = 1024 * 1024;
/** `randomInt` takes ranges below 2^48. */
const RANDOM_RANGE = 2 ** 47;

/**
 * Proves that somebody seeds a torrent: connects, shakes hands, fetches the metadata if it is not given, one block
 * chosen at random and the hashes that prove it up to its file's root (BEP 52), and closes: about 17 KB. Seeders that
 * have not the block's hash at hand (libtorrent in seed mode) give the whole piece instead. With `identity` the seeder
 * also proves whose it is, on the same connection, or the probe fails.
 *
 * Throws a `SwarmError` with what went wrong: `cannot-connect`, `wrong-swarm`, `timed-out`, `peer-refused`, `peer-lied`,
 * `peer-broke-protocol`, `identity-refused`, `identity-wrong`.
 *
 * @example
 * const { pieceIndex, milliseconds } = await probeSeeder({ host: '192.0.2.7', port: 6881, infoHash, signal });
 */
export async function probeSeeder(options: ProbeOptions): Promise<ProbeResult> {
  const { infoHash, metainfo: known, identity: question } = options;
  if (known && !equalBytes(known.infoHashV2, infoHash)) {
    throw new SwarmError('wrong-swarm', `the metainfo given is not that of ${toHex(infoHash)}`);
  }
  const verify = question && (await loadVerifier());
  const random = options.random ?? (() => randomInt(RANDOM_RANGE) / RANDOM_RANGE);
  return askSeeder(options, (peerId) => {
    const verifier = question && verify && verifierOf(question, infoHash, peerId, verify);
    const metadata = known ? undefined : askMetadata(infoHash);
    return {
      extensions: [metadata?.extension, verifier].filter((each) => each !== undefined),
      ask: async (lone) => {
        const identity = verifier && (await identityOf(lone, verifier));
        const metainfo = known ?? parseInfo(await (metadata as AskedMetadata).came(lone));
        return { metainfo, identity, ...(await proveAnyBlock(lone, metainfo, random)) };
      },
    };
  });
}

/**
 * Asks a seeder for its builder's key alone, without a block: about 700 bytes. Throws as {@link probeSeeder} does.
 */
export async function proveIdentity(options: ProveIdentityOptions): Promise<ProvenIdentity> {
  const verify = await loadVerifier();
  return askSeeder({ maxBytes: IDENTITY_BYTES, ...options }, (peerId): Question<{ identity: string }> => {
    const verifier = verifierOf(options, options.infoHash, peerId, verify);
    return {
      extensions: [verifier],
      ask: async (lone) => ({ identity: await identityOf(lone, verifier) }),
    };
  });
}

function verifierOf(
  question: IdentityQuestion,
  infoHash: InfoHashV2,
  peerId: PeerId,
  verify: VerifySignature,
): IdentityVerifier {
  return new IdentityVerifier(question, { infoHash, peerId, verify, nonce: randomBytes(32) });
}

async function identityOf(lone: LonePeer, verifier: IdentityVerifier): Promise<string> {
  return lone.orEnd(verifier.ask(await lone.extended('identity-refused')));
}

interface AskedMetadata {
  readonly extension: MetadataExtension;
  /** The info dictionary, verified. Throws `peer-lied` or `peer-refused`. */
  readonly came: (lone: LonePeer) => Promise<Uint8Array>;
}

function askMetadata(infoHash: InfoHashV2): AskedMetadata {
  const info = Promise.withResolvers<Uint8Array>();
  info.promise.catch(() => undefined); // who waits for it hears of it there
  const refusal = (name: string): SwarmError =>
    new SwarmError('peer-refused', `${name} does not give the metadata of its torrent`);
  const extension = new MetadataExtension(infoHash, {
    now: () => performance.now(),
    onMetadata: info.resolve,
    ban: (peer, reason) => peer.close(reason),
    onReject: (peer) => info.reject(refusal(peer.name)),
  });
  const came = async (lone: LonePeer): Promise<Uint8Array> => {
    const peer = await lone.extended('peer-refused');
    const isOffered = (peer.extension?.extensions.get(METADATA_EXTENSION) ?? 0) > 0;
    if (!isOffered || !peer.extension?.metadataBytes) throw refusal(peer.name);
    return lone.orEnd(info.promise);
  };
  return { extension, came };
}
