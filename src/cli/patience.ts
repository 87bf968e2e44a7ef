import type {
  Engine,
  PeerChange,
  PeerStatistics,
  Swarm,
  SwarmError,
  TrackerStatistics,
} from '../swarm/index.ts';
import { placeOf } from './seeding.ts';
import { formatCount } from './size.ts';
import { formatDuration } from './transfer-progress.ts';

/** After how long without a new byte something is said: at first, and then each time after so much longer. */
const FIRST_WORD_MS = 5000;
const LAST_WORD_MS = 300_000;
const GROWTH = 4;
/** Addresses and trackers that are named at most; a swarm can bring thousands. */
const MOST_NAMED = 3;

/** Why a peer that was reached is of no use. */
const FAULTS: ReadonlySet<string> = new Set(['wrong-swarm', 'peer-broke-protocol', 'peer-refused']);

export interface PatienceParts {
  readonly engine: Engine;
  /** The peers that the user named, as HOST:PORT: what becomes of these is told one by one. */
  readonly named: ReadonlySet<string>;
  /** What the user could do besides. */
  readonly advice: string;
  readonly tell: (words: string) => void;
}

/**
 * Keeps those company who wait: says what was tried, why nothing comes, and what to do, more and more rarely. Tells of
 * a peer that the user named, once, that it cannot be reached.
 */
export class Patience {
  readonly #parts: PatienceParts;
  readonly #unreachable = new Map<string, string>();
  readonly #told = new Set<string>();
  #seenBytes = 0;
  #lastByteMs = performance.now();
  #waitMs = FIRST_WORD_MS;

  constructor(parts: PatienceParts) {
    this.#parts = parts;
    parts.engine.on('peer', (event) => this.#onPeer(event));
    parts.engine.on('progress', ({ swarm }) => this.#look(swarm));
  }

  /** For how long nothing has come, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#lastByteMs;
  }

  #onPeer({ change, address, reason }: PeerChange): void {
    const name = placeOf(address);
    if (change === 'connected') this.#unreachable.delete(name);
    const isFailure = change === 'unreachable' || FAULTS.has(reason?.code ?? '');
    if (!isFailure || !reason) return;
    if (this.#unreachable.size < 1000) this.#unreachable.set(name, shortly(reason));
    if (!this.#parts.named.has(name) || this.#told.has(name)) return;
    this.#told.add(name);
    this.#parts.tell(`peer ${name}: ${shortly(reason)}; it is tried again from time to time`);
  }

  #look(swarm: Swarm): void {
    const { progress } = swarm;
    const bytes = progress.haveBytes + progress.downloadedBytes;
    const isAtWork = progress.phase === 'checking' || progress.phase === 'seeding' || progress.webSeeds > 0;
    if (bytes > this.#seenBytes || isAtWork) {
      this.#seenBytes = bytes;
      this.#lastByteMs = performance.now();
      this.#waitMs = FIRST_WORD_MS;
    } else if (this.silentMs >= this.#waitMs) {
      this.#waitMs = Math.min(this.silentMs + LAST_WORD_MS, this.#waitMs * GROWTH);
      this.#parts.tell(this.#words(swarm));
    }
  }

  #words(swarm: Swarm): string {
    const { peers, progress, trackers } = swarm.statistics;
    const forHowLong = `for ${formatDuration(this.silentMs / 1000)}`;
    if (peers.length > 0) {
      return `${formatCount(peers.length, 'peer')}, and nothing has come ${forHowLong}: ${reasonsOf(peers, progress.piecesTotal)}`;
    }
    const tried = [
      ...some(Array.from(this.#unreachable, ([name, why]) => `${name} (${why})`)),
      ...some(trackerWords(trackers)),
    ];
    const list = tried.length > 0 ? `; tried ${tried.join(', ')}` : '';
    return `no peer ${forHowLong}${list}. ${this.#parts.advice}`;
  }
}

function some(names: readonly string[]): string[] {
  const rest = names.length - MOST_NAMED;
  return [...names.slice(0, MOST_NAMED), ...(rest > 0 ? [`${rest} more`] : [])];
}

/** A hybrid's tracker is asked under both of its names, and is told of once. */
function trackerWords(trackers: readonly TrackerStatistics[]): string[] {
  const words = new Map<string, string>();
  for (const { host, error, peers = 0 } of trackers) {
    const found = peers === 0 ? 'knows nobody else' : `gave ${formatCount(peers, 'address', 'addresses')}`;
    if (words.get(host) === undefined || peers > 0) words.set(host, error === undefined ? found : 'fails');
  }
  return Array.from(words, ([host, what]) => `tracker ${host} (${what})`);
}

/** Why connected peers send nothing. */
function reasonsOf(peers: readonly PeerStatistics[], pieces: number): string {
  const empty = peers.filter((peer) => pieces > 0 && !peer.isInteresting).length;
  const choking = peers.filter((peer) => peer.isInteresting && peer.isChoking).length;
  const silent = peers.length - empty - choking;
  return [
    ...(empty > 0 ? [`${empty} ${empty === 1 ? 'has' : 'have'} nothing that is missing here`] : []),
    ...(choking > 0 ? [`${choking} ${choking === 1 ? 'lets' : 'let'} us wait for a turn`] : []),
    ...(silent > 0 ? [`${silent} ${silent === 1 ? 'does' : 'do'} not answer`] : []),
  ].join(', ');
}

/** The system's reasons in plain words. */
function shortly({ message, code }: SwarmError): string {
  if (/ECONNREFUSED/.test(message)) return 'refused the connection: nobody listens there';
  if (/EHOSTUNREACH|ENETUNREACH/.test(message)) return 'no way leads there';
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return 'no such host name';
  if (code === 'timed-out') return 'did not answer in time';
  if (code === 'wrong-swarm') return 'does not have this torrent';
  if (/closed the connection/.test(message))
    return 'closed the connection: perhaps it does not have this torrent';
  return message;
}
