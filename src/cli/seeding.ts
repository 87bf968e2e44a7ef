import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../swarm/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import type { LiveLine } from './live-line.ts';
import type { Output } from './output.ts';
import { seedingWords } from './transfer-progress.ts';

const STATUS_MS = 1000;
const JSON_STATUS_MS = 5000;
/** Addresses of this machine that a magnet link names at most. */
const MOST_ADDRESSES = 4;

/** Shows what is being sent until the signal ends it. */
export async function watchSeeding(
  engine: Engine,
  line: LiveLine,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { peers, uploadedBytes, uploadBytesPerSecond } = engine.statistics;
    line.show(seedingWords({ peers, uploadedBytes, uploadBytesPerSecond }));
    if (output.json) output.result({ event: 'status', peers, uploadedBytes, uploadBytesPerSecond }, '');
    await pause(output.json ? JSON_STATUS_MS : STATUS_MS, signal);
  }
  line.stop();
}

/** `127.0.0.1:6881`, `[::1]:6881`. */
export function placeOf({ host, port }: PeerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where others on the network find us: who listens on all addresses is found at each of this machine's own. */
export function reachableAt({ host, port }: PeerAddress): readonly PeerAddress[] {
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }];
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family, scopeid }) => !internal && (family === 'IPv4' || host === '::') && !scopeid)
    .slice(0, MOST_ADDRESSES)
    .map(({ address }) => ({ host: address, port }));
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // The signal ended the pause: the loop looks at it.
  }
}
