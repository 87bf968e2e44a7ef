import { SwarmError } from '../error.ts';
import { Bucket } from './bucket.ts';

/** Limits in bytes a second; 0, or left out, for none. */
export interface RateLimits {
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
}

/** One direction's limits that a transfer is under: its swarm's and the engine's. */
export class Throttle {
  readonly #own: Bucket;
  readonly #shared: Bucket;

  constructor(own: Bucket, shared: Bucket) {
    this.#own = own;
    this.#shared = shared;
  }

  get isOn(): boolean {
    return this.#own.bytesPerSecond > 0 || this.#shared.bytesPerSecond > 0;
  }

  /** The lower of both limits in bytes a second; infinite when there is none. */
  get bytesPerSecond(): number {
    return Math.min(
      this.#own.bytesPerSecond || Number.POSITIVE_INFINITY,
      this.#shared.bytesPerSecond || Number.POSITIVE_INFINITY,
    );
  }

  /** Whether somebody waits because of a limit. */
  get holdsBack(): boolean {
    return this.#own.holdsBack || this.#shared.holdsBack;
  }

  /** How many blocks may pass now; 0 means that `ready` is called once, when it is the caller's turn. */
  admits(ready: () => void): number {
    if (!this.isOn) return Number.POSITIVE_INFINITY;
    if (!this.#own.admits(ready) || !this.#shared.admits(ready)) return 0;
    return Math.min(turnOf(this.#own), turnOf(this.#shared));
  }

  /** Pays for bytes that pass now. */
  pay(bytes: number): void {
    this.#own.pay(bytes);
    this.#shared.pay(bytes);
  }

  /** Pays for bytes that have passed without being held back. */
  payLater(bytes: number): void {
    this.#own.payLater(bytes);
    this.#shared.payLater(bytes);
  }
}

/** Upload and download limits of one scope, an engine or a swarm. */
export class LimitPair {
  readonly upload: Bucket;
  readonly download: Bucket;

  constructor(now: () => number) {
    this.upload = new Bucket(now);
    this.download = new Bucket(now);
  }

  /** Changes those limits that are named. Throws `bad-limit`. */
  set({ uploadBytesPerSecond, downloadBytesPerSecond }: RateLimits): void {
    mustBeRate('uploadBytesPerSecond', uploadBytesPerSecond);
    mustBeRate('downloadBytesPerSecond', downloadBytesPerSecond);
    if (uploadBytesPerSecond !== undefined) this.upload.setRate(uploadBytesPerSecond);
    if (downloadBytesPerSecond !== undefined) this.download.setRate(downloadBytesPerSecond);
  }

  get rates(): Required<RateLimits> {
    return {
      uploadBytesPerSecond: this.upload.bytesPerSecond,
      downloadBytesPerSecond: this.download.bytesPerSecond,
    };
  }
}

function turnOf(bucket: Bucket): number {
  return bucket.bytesPerSecond > 0 ? bucket.turnBlocks : Number.POSITIVE_INFINITY;
}

function mustBeRate(name: string, value: number | undefined): void {
  if (value === undefined || (value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return;
  throw new SwarmError('bad-limit', `${name} is ${value}: give bytes a second from 0 (no limit) upwards`);
}
