import { BLOCK_BYTES } from '../../merkle/index.ts';
import { type HttpAnswer, type HttpGetOptions, httpGet } from '../connection/http-get.ts';
import type { PieceTransfer } from '../fetching/piece-transfer.ts';
import type { Run } from '../fetching/runs.ts';
import type { Layout } from '../layout.ts';
import type { Throttle } from '../rates/throttle.ts';
import { judgeAnswer, type WantedRange } from './answer.ts';
import type { Patience } from './patience.ts';
import type { RunWriter } from './run-writer.ts';
import type { WebSeed } from './web-seed.ts';

/** A request to a web seed: a run of pieces, perhaps behind one that it goes on with. */
export interface Fetch {
  readonly seed: WebSeed;
  readonly run: Run;
  readonly head: PieceTransfer | undefined;
  readonly abort: AbortController;
  readonly patience: Patience;
}

export interface ReadRunParts {
  readonly layout: Layout;
  readonly intake: Throttle;
  readonly http: Pick<HttpGetOptions, 'agents' | 'localAddress'>;
  readonly now: () => number;
}

/** Silence is measured here, where our own pauses do not count; this only ends what nobody looks after. */
const LONGEST_SILENCE_MS = 3_600_000;

/** Fetches a run by one request. Throws when the server does not give what it was asked for. */
export async function readRun(
  fetch: Fetch,
  writer: RunWriter,
  url: string,
  parts: ReadRunParts,
): Promise<void> {
  const { seed, abort, patience } = fetch;
  const { signal } = abort;
  const { layout, now } = parts;
  const wanted = rangeOf(fetch, writer, layout);
  patience.wait(now());
  const answer = await httpGet(url, {
    ...parts.http,
    reach: seed.reach,
    signal,
    silenceMs: LONGEST_SILENCE_MS,
    range: wanted,
  });
  try {
    const { skip, isWhole } = judgeAnswer(answer, wanted, Date.now());
    const coming = isWhole ? { ...wanted, last: wanted.fileBytes - 1 } : wanted;
    if (coming.last > wanted.last) {
      seed.isWholeOnly = true;
      writer.isWhole = true;
    }
    const before = seed.receivedBytes;
    if (await readBody(fetch, answer, { skip, toCome: lengthOf(coming) }, writer, parts)) return;
    // A server may give less of a range than it was asked for, but not next to nothing.
    const isFair = seed.receivedBytes - before >= Math.min(layout.pieceLength, lengthOf(wanted));
    if (!isFair || isWhole) throw new Error('its answer is too short');
  } finally {
    answer.drop();
  }
}

/** Passes the body on as it comes; whether all that was wanted came. */
async function readBody(
  fetch: Fetch,
  answer: HttpAnswer,
  body: { readonly skip: number; readonly toCome: number },
  writer: RunWriter,
  { now, intake }: ReadRunParts,
): Promise<boolean> {
  let toSkip = body.skip;
  let { toCome } = body;
  let isMore = true;
  for await (const chunk of answer.body) {
    fetch.patience.came(chunk.length, now());
    fetch.seed.receivedBytes += chunk.length;
    const part = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - part.length;
    toCome -= part.length;
    isMore &&= part.length === 0 || (await writer.push(part));
    // At its own end the body is left to end by itself: then the connection can be used again.
    if (!isMore && toCome !== 0) return true;
    await pass(intake, chunk.length, fetch.abort.signal);
    fetch.patience.wait(now());
  }
  return !isMore;
}

function rangeOf({ run, head }: Fetch, writer: RunWriter, layout: Layout): WantedRange {
  const { file, end } = run;
  const { position } = layout.place(head?.pieceIndex ?? run.next);
  const first = position + writer.firstBlock * BLOCK_BYTES;
  const last = Math.min(file.sizeBytes, (end - file.firstPiece) * layout.pieceLength) - 1;
  return { first, last, fileBytes: file.sizeBytes };
}

function lengthOf({ first, last }: WantedRange): number {
  return last - first + 1;
}

/** Pays for bytes that came, and waits until a limit lets more in. */
async function pass(intake: Throttle, bytes: number, signal: AbortSignal): Promise<void> {
  if (!intake.isOn) return;
  intake.pay(bytes);
  const { promise, resolve } = Promise.withResolvers<void>();
  const ready = (): void => {
    if (signal.aborted || intake.admits(ready) > 0) resolve();
  };
  signal.addEventListener('abort', ready);
  ready();
  await promise;
  signal.removeEventListener('abort', ready);
  signal.throwIfAborted();
}
