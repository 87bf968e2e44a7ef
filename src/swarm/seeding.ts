import { toHex } from '../bytes/index.ts';
import { type Metainfo, parseTorrent } from '../torrent/index.ts';
import type { DiscoverOptions } from './discovery/discovery.ts';
import type { Content } from './disk/content.ts';
import { openFinished, openVerified } from './disk/finished-place.ts';
import { SwarmError } from './error.ts';
import { loadVerifier } from './extensions/identity-keys.ts';
import { IdentityProver, type SeedIdentity } from './extensions/identity-prover.ts';
import { PieceHashes } from './fetching/piece-hashes.ts';
import { Layout } from './layout.ts';
import type { EngineServices } from './services.ts';

export interface SeedOptions extends DiscoverOptions {
  /** The content was hashed just now and is not hashed again. Default `false`. */
  readonly isVerified?: boolean;
  /** Proves to whoever connects and asks that a builder seeds this. Nothing is proven unless it is given. */
  readonly identity?: SeedIdentity | undefined;
  readonly signal?: AbortSignal;
  /** The content cannot be read any more, or a tracker does not answer. */
  readonly onTrouble?: (error: SwarmError) => void;
}

/** A torrent whose content is on disk and may be seeded. */
export interface Seedable {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly content: Content;
  /** Proves who seeds it, when that was asked for. */
  readonly prover: IdentityProver | undefined;
}

/**
 * Checks all that must be right before a torrent is seeded: its piece layers, its content, and the key that proves who
 * seeds it. Throws `unsupported-torrent`, `mismatch`, `disk`, or the signal's reason.
 */
export async function prepareSeeding(
  torrent: Uint8Array | Metainfo,
  contentPath: string,
  { isVerified, identity }: Pick<SeedOptions, 'isVerified' | 'identity'>,
  services: EngineServices,
  signal: AbortSignal,
): Promise<Seedable> {
  const metainfo = torrent instanceof Uint8Array ? parseTorrent(torrent) : torrent;
  const layout = new Layout(metainfo.pieceLength, metainfo.files);
  mustHaveLayers(metainfo, layout);
  const content = isVerified
    ? await openFinished(contentPath, metainfo, layout, services)
    : await openVerified(contentPath, metainfo, layout, services, signal);
  const prover = identity && (await proverOf(identity, metainfo, services));
  signal.throwIfAborted();
  return { metainfo, layout, content, prover };
}

/** Tells each error once: a file that changed is found again by every request for it. */
export function eachOnce(tell: (error: SwarmError) => void): (error: SwarmError) => void {
  const told = new WeakSet<SwarmError>();
  return (error) => {
    if (!told.has(error)) tell(error);
    told.add(error);
  };
}

async function proverOf(
  identity: SeedIdentity,
  { infoHashV2: infoHash }: Metainfo,
  { peerId, proofs: budget }: EngineServices,
): Promise<IdentityProver> {
  return new IdentityProver(identity, { infoHash, peerId, verify: await loadVerifier(), budget });
}

function mustHaveLayers(metainfo: Metainfo, layout: Layout): void {
  if (new PieceHashes(layout, metainfo.pieceLayers).isComplete) return;
  throw new SwarmError(
    'unsupported-torrent',
    `torrent ${toHex(metainfo.infoHashV2)} comes without its piece layers: seed it from its .torrent file`,
  );
}
