import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  type AnnounceResponse,
  encodeUdpAnnounce,
  encodeUdpConnect,
  parseUdpAnswer,
  UDP_CONNECTION_MS,
  type UdpAnswer,
} from '../../wire/index.ts';
import type { Announcement } from './tracker-client.ts';

/** The first wait for an answer, doubled each time (BEP 15, "Time outs"), and how often it is asked. */
const FIRST_WAIT_MS = 15_000;
const TRIES = 4;

export interface UdpTrackerOptions {
  readonly localAddress?: string | undefined;
  readonly signal: AbortSignal;
  /** Default 15 s, as BEP 15 says. */
  readonly firstWaitMs?: number;
}

/**
 * Announces to a UDP tracker (BEP 15, 41) from a port of its own: asks for a connection id, announces with it, and
 * asks for a new one when it has become too old meanwhile. Packets of anybody else than the tracker, and of another
 * transaction, are passed over. Throws an `Error` that says why, or the signal's reason.
 */
export async function announceByUdp(
  url: URL,
  announcement: Announcement,
  { localAddress, signal, firstWaitMs = FIRST_WAIT_MS }: UdpTrackerOptions,
): Promise<AnnounceResponse> {
  signal.throwIfAborted();
  const port = Number(url.port);
  if (port === 0) throw new Error('its URL has no port');
  const { address, family } = await orAbort(resolve(url.hostname, localAddress), signal);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    await connect(socket, { address, port, localAddress });
    const conversation = new Conversation(socket, family, signal);
    let connection: { readonly id: Uint8Array; readonly sinceMs: number } | undefined;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const waitMs = firstWaitMs * 2 ** attempt;
      if (!connection || performance.now() - connection.sinceMs > UDP_CONNECTION_MS) {
        const answer = await conversation.ask(encodeUdpConnect, waitMs);
        connection =
          answer?.action === 'connect' ? { id: answer.connectionId, sinceMs: performance.now() } : undefined;
      }
      const connectionId = connection?.id;
      if (!connectionId) continue;
      const answer = await conversation.ask(
        (transactionId) => encodeUdpAnnounce({ ...fieldsOf(announcement, url), connectionId, transactionId }),
        waitMs,
      );
      if (answer?.action === 'announce') return answer.response;
    }
    throw new Error(`no answer to ${TRIES} packets`);
  } finally {
    socket.close();
  }
}

/** Questions and answers over one socket, one at a time. */
class Conversation {
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

function fieldsOf(announcement: Announcement, url: URL) {
  return {
    ...announcement,
    key: Number.parseInt(announcement.key.slice(0, 8), 16) || 0,
    numWant: announcement.event === 'stopped' ? 0 : null,
    urlData: `${url.pathname}${url.search}`,
  };
}

/** The tracker's address, of the family that the connection goes out with. */
async function resolve(
  hostname: string,
  localAddress: string | undefined,
): Promise<{ address: string; family: 4 | 6 }> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const wanted = localAddress === undefined ? 0 : isIP(localAddress);
  const { address, family } = await lookup(host, { family: wanted });
  return { address, family: family === 6 ? 6 : 4 };
}

/** The system's resolver cannot be stopped, but nobody has to wait for it. */
async function orAbort<Value>(wanted: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([wanted, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** From now on the socket takes packets of this address only. */
function connect(
  socket: Socket,
  to: { readonly address: string; readonly port: number; readonly localAddress: string | undefined },
): Promise<void> {
  return new Promise((done, reject) => {
    socket.once('error', reject);
    socket.bind({ port: 0, ...(to.localAddress !== undefined && { address: to.localAddress }) }, () => {
      socket.connect(to.port, to.address, ((cause?: Error) => {
        socket.removeListener('error', reject);
        if (cause) reject(cause);
        else done();
      }) as () => void);
    });
  });
}
