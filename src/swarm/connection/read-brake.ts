import type { Socket } from 'node:net';
import { BLOCK_BYTES } from '../../merkle/index.ts';
import type { Throttle } from '../rates/throttle.ts';

/** Most blocks that are read in one turn under a limit. */
const READ_TURN_BLOCKS = 64;

/** Slows the reading of one socket down to a limit: the system's buffers fill, and the other side has to wait. */
export class ReadBrake {
  /** How often reading has paused. */
  pauses = 0;
  readonly #socket: Socket;
  readonly #intake: Throttle;
  /** Bytes that may come before the throttle is asked again; they are paid for. */
  #credit = 0;
  #isHeldBack = false;
  readonly #readOn = () => this.#resume();

  constructor(socket: Socket, intake: Throttle) {
    this.#socket = socket;
    this.#intake = intake;
  }

  /** Whether reading pauses. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  /** Bytes came: pays for them, and pauses where no more may come now. */
  took(count: number): void {
    if (!this.#intake.isOn) return;
    this.#credit -= count;
    if (this.#credit > 0) return;
    this.#intake.pay(-this.#credit);
    this.#credit = 0;
    if (this.#mayReadOn()) return;
    this.#isHeldBack = true;
    this.pauses += 1;
    this.#socket.pause();
  }

  #resume(): void {
    if (this.#socket.destroyed || !this.#isHeldBack || !this.#mayReadOn()) return;
    this.#isHeldBack = false;
    this.#socket.resume();
  }

  #mayReadOn(): boolean {
    const blocks = Math.min(READ_TURN_BLOCKS, this.#intake.admits(this.#readOn));
    this.#credit = blocks * BLOCK_BYTES;
    this.#intake.pay(this.#credit);
    return blocks > 0;
  }
}
