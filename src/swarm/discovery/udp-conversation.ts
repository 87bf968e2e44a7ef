import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { parseUdpAnswer, type UdpAnswer } from '../../wire/index.ts';

/** Questions and answers over one socket, one at a time. */
export class UdpConversation {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #onAnswer: (answer: UdpAnswer) => void = () => undefined;
  #onFault: (cause: Error) => void = () => undefined;

  constructor(socket: Socket, family: 4 | 6, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('error', (cause) => this.#onFault(cause));
    socket.on('message', (packet) => {
      try {
        this.#onAnswer(parseUdpAnswer(packet, family));
      } catch {
        // Not what a tracker says: anybody can write such a packet, so the right one is still waited for.
      }
    });
  }

  /** The answer of the question's own transaction, or nothing in time. Throws what the tracker complains about. */
  ask(question: (transactionId: number) => Uint8Array, waitMs: number): Promise<UdpAnswer | undefined> {
    const transactionId = randomInt(2 ** 32);
    const { promise, resolve, reject } = Promise.withResolvers<UdpAnswer | undefined>();
    const timer = setTimeout(() => resolve(undefined), waitMs);
    const abort = (): void => reject(this.#signal.reason as Error);
    this.#onFault = reject;
    this.#onAnswer = (answer) => {
      if (answer.transactionId !== transactionId) return;
      if (answer.action === 'error')
        reject(new Error(`the tracker refused: ${JSON.stringify(answer.message)}`));
      else resolve(answer);
    };
    this.#signal.addEventListener('abort', abort, { once: true });
    if (this.#signal.aborted) abort();
    this.#socket.send(question(transactionId), (cause) => {
      if (cause) reject(cause);
    });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', abort);
    });
  }
}
