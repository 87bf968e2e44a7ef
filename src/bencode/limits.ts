/** Every bound of the decoder. All of them hold before memory or time is spent beyond them. */
export interface BencodeLimits {
  /** Longest input, in bytes. */
  readonly bytes: number;
  /** Most lists and dictionaries open at once. */
  readonly depth: number;
  /** Most values and keys in all; each costs 12 bytes of memory while the input is read. */
  readonly tokens: number;
  /** Most digits of an integer, without its sign. 19 hold every signed 64-bit integer. */
  readonly integerDigits: number;
  /**
   * Whether dictionary keys must be in the order of their raw bytes (BEP 3). Only for messages of foreign
   * peers may this be `false`: such messages are never hashed. A key that comes twice is refused either way.
   */
  readonly sortedKeys: boolean;
}

/** Bounds for metainfo: those of libtorrent's `load_torrent_limits`, keys in canonical order. */
export const TORRENT_LIMITS: BencodeLimits = {
  bytes: 10_000_000,
  depth: 100,
  tokens: 3_000_000,
  integerDigits: 19,
  sortedKeys: true,
};

/** Bounds for one message of a peer, a DHT node or a tracker: keys in any order, since some do not sort. */
export const MESSAGE_LIMITS: BencodeLimits = {
  bytes: 1_048_576,
  depth: 32,
  tokens: 65_536,
  integerDigits: 19,
  sortedKeys: false,
};
