import { equalBytes, type InfoHashV1, type InfoHashV2, truncateInfoHash } from '../bytes/index.ts';
import type { SwarmHash } from '../wire/index.ts';

/** The names of one torrent: its v2 infohash, and for a hybrid its v1 infohash. Both lead to one swarm. */
export interface Identity {
  readonly infoHashV2: InfoHashV2;
  readonly infoHashV1: InfoHashV1 | undefined;
}

/** What handshakes, trackers and registers carry: the truncated v2 infohash first. */
export function swarmHashes({ infoHashV2, infoHashV1 }: Identity): readonly SwarmHash[] {
  const truncated = truncateInfoHash(infoHashV2);
  return infoHashV1 ? [truncated, infoHashV1] : [truncated];
}

/** The infohash of a handshake that goes out with one of the identities. */
export function swarmHash({ infoHashV2, infoHashV1 }: Identity, identity: 'v1' | 'v2'): SwarmHash {
  return identity === 'v1' && infoHashV1 ? infoHashV1 : truncateInfoHash(infoHashV2);
}

/** Which identity a handshake's infohash names, if it is one of this torrent. */
export function identityOf(identity: Identity, infoHash: Uint8Array): 'v1' | 'v2' | undefined {
  if (equalBytes(infoHash, truncateInfoHash(identity.infoHashV2))) return 'v2';
  return identity.infoHashV1 && equalBytes(infoHash, identity.infoHashV1) ? 'v1' : undefined;
}
