/** Every bound of a DHT node. */
export interface DhtLimits {
  /** Packets of one host that are read in a second, how many may come at once, and how many hosts are remembered. */
  readonly packetsPerSecond: number;
  readonly packetsAtOnce: number;
  readonly hosts: number;
  /** The same for all hosts together. */
  readonly packetsPerSecondInAll: number;
  /** Our own questions that wait for an answer, and how long each waits. */
  readonly questions: number;
  readonly questionMs: number;
  /** Questions of one search: at once, and in all. */
  readonly searchAtOnce: number;
  readonly searchQuestions: number;
  /** Peers that a search may find. */
  readonly searchPeers: number;
  /** Torrents, peers of each, and places of one host that we keep for others, and for how long. */
  readonly torrents: number;
  readonly peersPerTorrent: number;
  readonly peersPerHost: number;
  readonly peerMs: number;
  /** Peers in one answer: it stays below 600 bytes, whatever is asked. */
  readonly peersInAnswer: number;
  /** Strangers that are asked whether they are there, at once. */
  readonly pings: number;
}

export const DHT_LIMITS: DhtLimits = {
  packetsPerSecond: 10,
  packetsAtOnce: 40,
  hosts: 2000,
  packetsPerSecondInAll: 500,
  questions: 256,
  questionMs: 2000,
  searchAtOnce: 4,
  searchQuestions: 80,
  searchPeers: 500,
  torrents: 500,
  peersPerTorrent: 100,
  peersPerHost: 50,
  peerMs: 30 * 60_000,
  peersInAnswer: 30,
  pings: 8,
};
