import type { Reach } from '../connection/address-policy.ts';
import { SwarmError } from '../error.ts';
import type { BlockSource } from '../fetching/block-source.ts';
import type { LayoutFile } from '../layout.ts';
import { WrongAnswer } from './answer.ts';
import { nameOf } from './file-url.ts';
import { WEB_SEED_LIMITS } from './limits.ts';

/** A URL that content may be fetched from, and how near to us it may lead: the user names any, a torrent public ones. */
export interface WebSeedAddress {
  readonly url: string;
  readonly reach: Reach;
}

/** What is known of one web seed: what it has, how it does, and until when it is left alone. */
export class WebSeed implements BlockSource {
  readonly name: string;
  readonly url: string;
  readonly reach: Reach;
  /** Why it is never asked again; `undefined` while it is in use. */
  givenUp: string | undefined;
  /** It gives files only from their beginning. */
  isWholeOnly = false;
  receivedBytes = 0;
  /** Requests under way. */
  requests = 0;
  #failures = 0;
  #pauseUntilMs = 0;
  readonly #missing = new Set<number>();
  #missingInRow = 0;

  constructor({ url, reach }: WebSeedAddress) {
    this.url = url;
    this.reach = reach;
    this.name = nameOf(url);
  }

  /** A piece came from elsewhere while this one was sending it: its next bytes are passed over as they come. */
  dropBlock(): void {
    // Its blocks are put into a piece whole, so that nothing is half written.
  }

  /** Whether it may be asked for something now. */
  isFree(nowMs: number): boolean {
    return (
      this.givenUp === undefined &&
      nowMs >= this.#pauseUntilMs &&
      this.requests < (this.#failures > 0 ? 1 : WEB_SEED_LIMITS.requestsPerSeed)
    );
  }

  hasFile(file: LayoutFile): boolean {
    return !this.#missing.has(file.index);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#missingInRow = 0;
  }

  /** Notes a failure. Returns what to tell the user, `undefined` when it is not worth it. */
  failed(cause: Error, file: LayoutFile, nowMs: number, random: () => number): string | undefined {
    if (cause instanceof WrongAnswer && cause.kind === 'ranges') {
      this.isWholeOnly = true;
      return undefined;
    }
    if (cause instanceof SwarmError && cause.code === 'refused-address') return this.#giveUp(cause.message);
    if (cause instanceof WrongAnswer && cause.kind === 'file') return this.#lacks(file, cause.message);
    this.#failures += 1;
    if (this.#failures >= WEB_SEED_LIMITS.failures) return this.#giveUp(cause.message);
    const retryAfterMs = cause instanceof WrongAnswer ? cause.retryAfterMs : undefined;
    const pauseMs =
      retryAfterMs === undefined
        ? pauseAfter(this.#failures) * (0.75 + random() / 2)
        : Math.min(WEB_SEED_LIMITS.longestRetryAfterMs, Math.max(WEB_SEED_LIMITS.firstPauseMs, retryAfterMs));
    this.#pauseUntilMs = nowMs + pauseMs;
    return `${this.name}: ${cause.message}; asked again in ${Math.ceil(pauseMs / 1000)} s`;
  }

  #lacks(file: LayoutFile, why: string): string | undefined {
    this.#missing.add(file.index);
    this.#missingInRow += 1;
    if (this.#missingInRow >= WEB_SEED_LIMITS.missingFiles) return this.#giveUp(why);
    const isFirst = this.#missing.size === 1;
    return isFirst ? `${this.name} does not have ${JSON.stringify(file.path.join('/'))}: ${why}` : undefined;
  }

  #giveUp(why: string): string {
    this.givenUp = why;
    return `${this.name} is given up: ${why}`;
  }
}

function pauseAfter(failures: number): number {
  return Math.min(WEB_SEED_LIMITS.longestPauseMs, WEB_SEED_LIMITS.firstPauseMs * 2 ** (failures - 1));
}
