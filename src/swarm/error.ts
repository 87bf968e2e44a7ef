import { CodedError } from '../bytes/index.ts';

/** Why a download, a seed or a probe failed, or a peer was let go. */
export type SwarmErrorCode =
  /** The listening address cannot be taken. */
  | 'cannot-listen'
  /** No connection to a peer came about, or it was closed by the other side. */
  | 'cannot-connect'
  /** A time limit ran out. */
  | 'timed-out'
  /** The engine or the swarm was closed while it was still needed. */
  | 'closed'
  /** The peer is in another swarm than asked for. */
  | 'wrong-swarm'
  /** The peer broke the protocol. */
  | 'peer-broke-protocol'
  /** The peer sent a block, hashes or metadata that are not those of the torrent. */
  | 'peer-lied'
  /** The peer refused what a seeder must give. */
  | 'peer-refused'
  /** The peer stands in nobody's way but is of no use here: too many, a second connection, both complete. */
  | 'peer-not-needed'
  /** A torrent without BEP 52 data: there is nothing to verify by SHA-256. */
  | 'v1-only'
  /** The v1 and v2 hashes of a hybrid describe different data. */
  | 'inconsistent-hybrid'
  /** A torrent that this engine does not take, such as one with larger pieces than it holds. */
  | 'unsupported-torrent'
  /** The content does not have the torrent's hashes. */
  | 'mismatch'
  /** Something stands already where the download shall go. */
  | 'target-exists'
  /** The seeder proves no builder's key: it knows no such thing, or refuses this verifier or this address. */
  | 'identity-refused'
  /** The proof of a builder's key is wrong, or of another key than expected. */
  | 'identity-wrong'
  /** What was given as a public key, or as the address of a seeder with an identity, is none. */
  | 'bad-identity'
  /** Another download of the same torrent into the same folder is under way. */
  | 'in-use'
  /** The disk refused. */
  | 'disk'
  /** A tracker cannot be asked. */
  | 'tracker'
  /** Bytes are asked for that the torrent does not have, or that cannot be known yet. */
  | 'bad-range'
  /** More readers than a torrent takes at once. */
  | 'too-many-readers'
  /** A web seed does not give what it should. */
  | 'web-seed'
  /** An address that whoever named it must not lead us to, such as one of this machine. */
  | 'refused-address'
  /** A rate limit that is no number of bytes a second. */
  | 'bad-limit';

/** A failure of the swarm engine; `cause` holds what the layer below said. */
export class SwarmError extends CodedError<SwarmErrorCode> {}
