import { setTimeout as pause } from 'node:timers/promises';
import type { InfoHashV2, PeerId } from '../../bytes/index.ts';
import { createPeerId } from '../connection/peer-id.ts';
import { SwarmError } from '../error.ts';
import type { Extension } from '../extensions/extension.ts';
import { LonePeer, type Traffic } from './lone-peer.ts';

/** Whom to ask, and how long. */
export interface AskOptions {
  readonly host: string;
  readonly port: number;
  readonly infoHash: InfoHashV2;
  /** Address to connect from. */
  readonly localAddress?: string | undefined;
  readonly signal: AbortSignal;
  /** For everything together. Default 20,000. */
  readonly timeoutMs?: number;
  /** Most bytes that may come, in all attempts together. Default 40 MiB: metadata and a piece of the largest kind. */
  readonly maxBytes?: number;
}

/** What asking cost, retries included. */
export interface AskCost {
  readonly milliseconds: number;
  /** Bytes on the connections, encryption included. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** The seeder's client name and version, when it told them. Escape it before it is shown. */
  readonly client: string | undefined;
}

/** What is asked on one connection. */
export interface Question<Answer> {
  readonly extensions: readonly Extension[];
  readonly ask: (lone: LonePeer) => Promise<Answer>;
}

const TIMEOUT_MS = 20_000;
const MAXIMUM_BYTES = 40 * 1024 * 1024;
/** libtorrent and qBittorrent may close the first connections right after a torrent was added: a little later they serve. */
const ATTEMPTS = 3;
const RETRY_MS = 300;

/**
 * Connects to a seeder, asks, and closes; again a little later when it closed the connection. Throws a `SwarmError`, or
 * the reason of the options' signal.
 */
export async function askSeeder<Answer>(
  options: AskOptions,
  questionOf: (peerId: PeerId) => Question<Answer>,
): Promise<Answer & AskCost> {
  const { host, port, timeoutMs = TIMEOUT_MS } = options;
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout]);
  const traffic: Traffic = { receivedBytes: 0, sentBytes: 0 };
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await askOnce({ ...options, timeoutMs, signal }, questionOf, traffic);
        return { ...answer, ...traffic, milliseconds: performance.now() - startedMs };
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof SwarmError) || error.code !== 'cannot-connect')
          throw error;
        await pause(RETRY_MS, undefined, { signal });
      }
    }
  } catch (cause) {
    options.signal.throwIfAborted();
    if (timeout.aborted) {
      throw new SwarmError('timed-out', `${host}:${port} did not prove itself within ${timeoutMs} ms`, {
        cause,
      });
    }
    throw wasReached(cause, traffic) ? turnedAway(cause) : cause;
  }
}

/** Whether somebody took the connection and closed it. */
function wasReached(error: unknown, { sentBytes }: Traffic): error is SwarmError {
  return error instanceof SwarmError && error.code === 'cannot-connect' && sentBytes > 0;
}

function turnedAway(cause: SwarmError): SwarmError {
  const message = `${cause.message} each of ${ATTEMPTS} times that it was asked: most likely it does not have this torrent`;
  return new SwarmError('cannot-connect', message, { cause });
}

async function askOnce<Answer>(
  options: AskOptions & { readonly timeoutMs: number },
  questionOf: (peerId: PeerId) => Question<Answer>,
  traffic: Traffic,
): Promise<Answer & Pick<AskCost, 'client'>> {
  const { host, port, infoHash, localAddress, timeoutMs, maxBytes = MAXIMUM_BYTES, signal } = options;
  const peerId = createPeerId();
  const { extensions, ask } = questionOf(peerId);
  const lone = await LonePeer.connect({
    address: { host, port },
    infoHash,
    peerId,
    extensions,
    localAddress,
    handshakeTimeoutMs: timeoutMs,
    maxBytes,
    traffic,
    signal,
  });
  try {
    const answer = await ask(lone);
    return { ...answer, client: lone.client };
  } finally {
    lone.close();
  }
}
