import type { HttpAnswer } from '../connection/http-get.ts';

/** Most bytes that are read and thrown away before the wanted ones, from a server that knows no ranges. */
const MOST_SKIPPED = 4 * 1024 * 1024;

/** Bytes of a file, both ends included, and how long the file is. */
export interface WantedRange {
  readonly first: number;
  readonly last: number;
  readonly fileBytes: number;
}

/** What is wrong with an answer, and what it means for its server. */
export class WrongAnswer extends Error {
  /**
   * `file`: it has not this file; `ranges`: it gives files only whole; `busy`: it wants to be left alone for a while;
   * `fault`: it does what no web seed should.
   */
  readonly kind: 'file' | 'ranges' | 'busy' | 'fault';
  readonly retryAfterMs: number | undefined;

  constructor(kind: WrongAnswer['kind'], message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Where the body of an answer lies in its file. */
export interface AnsweredRange {
  /** Bytes of the body before the first wanted one. */
  readonly skip: number;
  /** The server gave the whole file, not the range: it may know no ranges. */
  readonly isWhole: boolean;
}

/**
 * Judges the head of an answer to a range request (RFC 9110, 14 and 15.3.7). The whole file instead of the range is
 * taken where little or nothing stands before what is wanted. Throws a {@link WrongAnswer}. `nowMs`: milliseconds since
 * 1970, for a `Retry-After` that is a date.
 */
export function judgeAnswer(
  { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>,
  wanted: WantedRange,
  nowMs: number,
): AnsweredRange {
  if (status !== 200 && status !== 206) throw refusal(status, headers['retry-after'], nowMs);
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  // What is compressed could unpack to any size; asked for was the file as it is.
  if (encoding !== 'identity' && encoding !== '')
    throw new WrongAnswer('fault', `it compresses (${encoding})`);
  const length = parseLength(headers['content-length']);
  if (status === 200) return judgeWhole(length, wanted);
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(headers['content-range']?.trim() ?? '');
  if (!range) throw new WrongAnswer('fault', 'its answer does not say which bytes it holds');
  const [first, last] = [Number(range[1]), Number(range[2])];
  if (range[3] !== '*' && Number(range[3]) !== wanted.fileBytes) {
    throw new WrongAnswer('file', `its file has ${range[3]} bytes, not ${wanted.fileBytes}`);
  }
  const isAskedFor = first === wanted.first && last >= first && last <= wanted.last;
  if (!isAskedFor || (length !== undefined && length !== last - first + 1)) {
    throw new WrongAnswer(
      'fault',
      `it answers with bytes ${first}-${last}, not ${wanted.first}-${wanted.last}`,
    );
  }
  return { skip: 0, isWhole: false };
}

function judgeWhole(length: number | undefined, { first, fileBytes }: WantedRange): AnsweredRange {
  if (length !== undefined && length !== fileBytes) {
    throw new WrongAnswer('file', `its file has ${length} bytes, not ${fileBytes}`);
  }
  if (first > MOST_SKIPPED) throw new WrongAnswer('ranges', 'it gives files only whole');
  return { skip: first, isWhole: true };
}

function refusal(status: number, retryAfter: string | undefined, nowMs: number): WrongAnswer {
  const message = `it answered with HTTP status ${status}`;
  const waitMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, nowMs);
  if (status === 429 || status >= 500) return new WrongAnswer('busy', message, waitMs);
  if (status === 416) return new WrongAnswer('file', `${message}: its file is shorter`);
  return status >= 400 ? new WrongAnswer('file', message) : new WrongAnswer('fault', message);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(text: string, nowMs: number): number | undefined {
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function parseLength(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
