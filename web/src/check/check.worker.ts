import './without-eval.ts';
import { signatureVerifier } from './ed25519.ts';
import { LogCheck } from './log-check.ts';
import type { CheckReport, CheckRequest } from './messages.ts';

// The check runs beside the page, so that reading 20,000 entries never makes it stutter.

const MOST_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

let check: { logKey: string; log: LogCheck } | undefined;
let queue: Promise<void> = Promise.resolve();

addEventListener('message', (event: MessageEvent<CheckRequest>) => {
  queue = queue.then(() => answer(event.data));
});

async function answer({ logKey, digest, seen }: CheckRequest): Promise<void> {
  try {
    if (check?.logKey !== logKey) {
      check = { logKey, log: new LogCheck({ read }, logKey, await signatureVerifier(), seen) };
    }
    const result = await check.log.update(digest, (done, total) => report({ type: 'progress', done, total }));
    report({ type: 'result', result });
    if (result.kind === 'alarm' || result.kind === 'undone') check = undefined; // the next one begins anew
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report({ type: 'result', result: { kind: 'undone', reason } });
  }
}

async function read(path: string): Promise<Uint8Array> {
  const response = await fetch(`/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`/${path} was answered with ${response.status}`);
  if (Number(response.headers.get('content-length') ?? 0) > MOST_BYTES)
    throw new Error(`/${path} is too large`);
  return new Uint8Array(await response.arrayBuffer());
}

function report(message: CheckReport): void {
  (globalThis as unknown as { postMessage(message: CheckReport): void }).postMessage(message);
}
