import {
  formatAddCheckpoint,
  generateCosigner,
  type RunningWitness,
  startWitness,
  type WitnessOptions,
} from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { ALog } from './a-log.ts';

interface Test {
  after(hook: () => Promise<void>): void;
}

/** A witness of one log on an ephemeral port, closed when the test ends. */
export async function runWitness(
  t: Test,
  log: ALog,
  options: Partial<WitnessOptions> = {},
): Promise<RunningWitness> {
  const witness = await startWitness({
    dataFolder: options.dataFolder ?? temporaryFolder('witness'),
    cosigners: [generateCosigner('w.example/w1', 'ed25519')],
    logs: [log.key.vkey],
    ...options,
  });
  t.after(() => witness.close());
  return witness;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Headers;
}

export async function send(url: string, body: Uint8Array | string, init: RequestInit = {}): Promise<Answer> {
  const bytes = typeof body === 'string' ? body : Buffer.from(body);
  return answerOf(await fetch(`${url}/add-checkpoint`, { method: 'POST', body: bytes, ...init }));
}

export async function get(url: string, method = 'GET'): Promise<Answer> {
  return answerOf(await fetch(url, { method }));
}

/** Asks a witness for a cosignature of a log's head, from an old size on, with the right proof. */
export async function ask(url: string, log: ALog, from: number, to: number): Promise<Answer> {
  const proof = from === 0 || from >= to ? [] : await log.proof(from, to);
  return send(url, formatAddCheckpoint({ oldSize: from, proof, note: log.head(to).note }));
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, type: headers.get('content-type') ?? '', text: await response.text() };
}
