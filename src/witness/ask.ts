import { createHash } from 'node:crypto';
import { concatBytes, fromUtf8, printable, toUtf8 } from '../bytes/index.ts';
import type { HeadToCosign } from '../log/index.ts';
import {
  cosignatureTimestamp,
  cosignatureVerifier,
  NoteError,
  type NoteSignature,
  openNote,
} from '../note/index.ts';
import { formatAddCheckpoint } from './add-checkpoint.ts';
import { ConflictError, WitnessError } from './errors.ts';
import { VERIFY } from './known-logs.ts';
import type { AskLimits } from './limits.ts';

/** A witness as a log asks it: one request at a time. */
export class WitnessClient {
  readonly vkey: string;
  readonly #base: URL;
  readonly #limits: AskLimits;
  readonly #nowMs: () => number;

  /** `url`: its submission prefix. Throws `bad-config` and `bad-vkey`. */
  constructor(vkey: string, url: string, limits: AskLimits, nowMs: () => number) {
    this.vkey = vkey;
    this.#nowMs = nowMs;
    this.#base = baseOf(url);
    this.#limits = limits;
    cosignatureVerifier(vkey, VERIFY);
  }

  get url(): string {
    return this.#base.href;
  }

  /**
   * Asks for a cosignature of a checkpoint that the log signed. Throws {@link ConflictError} with the size that the witness
   * says it cosigned last, `unreachable`, `refused`, `bad-answer`.
   */
  async cosign(
    head: Pick<HeadToCosign, 'note' | 'timeMs'>,
    oldSize: number,
    proof: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<NoteSignature> {
    const body = formatAddCheckpoint({ oldSize, proof, note: head.note });
    const { status, type, bytes } = await this.#send('add-checkpoint', signal, { method: 'POST', body });
    if (status === 200) return this.#take(head, bytes);
    if (status === 409 && type.startsWith('text/x.tlog.size')) throw new ConflictError(sizeOf(bytes));
    throw new WitnessError('refused', `${this.url} answered ${status}: ${excerpt(bytes)}`);
  }

  /** The checkpoint of a log that the witness cosigned last, nothing verified; undefined when it shows none. */
  async newest(origin: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const hash = createHash('sha256').update(origin).digest('hex');
    const { status, bytes } = await this.#send(`${hash}/checkpoint`, signal, { method: 'GET' });
    if (status === 200) return bytes;
    if (status === 404) return undefined;
    throw new WitnessError('refused', `${this.url} answered ${status}: ${excerpt(bytes)}`);
  }

  /** The witness's cosignature from its answer; lines by other keys are passed over. */
  #take({ note, timeMs }: Pick<HeadToCosign, 'note' | 'timeMs'>, lines: Uint8Array): NoteSignature {
    const verifier = cosignatureVerifier(this.vkey, VERIFY);
    const text = noteText(note);
    try {
      const { verified } = openNote(concatBytes(toUtf8(`${text}\n`), lines), [verifier]);
      const [own] = verified;
      if (own !== undefined) return this.#timely(own, timeMs);
    } catch (cause) {
      if (!(cause instanceof NoteError)) throw cause;
      throw new WitnessError('bad-answer', `${this.url} gave no good cosignature: ${cause.message}`, {
        cause,
      });
    }
    throw new WitnessError('bad-answer', `${this.url} gave no cosignature by ${this.vkey.split('+')[0]}`);
  }

  /**
   * Clients refuse a checkpoint whose quorum was cosigned at another time than its newest entry says it is. What a witness
   * cosigned since that entry came and repeats now, as after an attempt that found no quorum, is of the right time.
   */
  #timely(own: NoteSignature, entryMs: number): NoteSignature {
    const seconds = cosignatureTimestamp(own.signature);
    const nowSeconds = this.#nowMs() / 1000;
    const early = Math.min(entryMs / 1000, nowSeconds) - seconds;
    const apart = Math.round(Math.max(early, seconds - nowSeconds));
    if (apart <= this.#limits.apartSeconds) return own;
    throw new WitnessError(
      'bad-answer',
      `${this.url} gave a cosignature of a time that is ${apart} s from this clock's: one of the two clocks is wrong`,
    );
  }

  async #send(
    path: string,
    signal: AbortSignal,
    request: { method: string; body?: Uint8Array<ArrayBuffer> },
  ): Promise<{ status: number; type: string; bytes: Uint8Array }> {
    const timeout = AbortSignal.timeout(this.#limits.requestMs);
    const init = { ...request, redirect: 'error', signal: AbortSignal.any([signal, timeout]) } as const;
    try {
      const response = await fetch(new URL(path, this.#base), init);
      const bytes = await readCapped(response, this.#limits.answerBytes, this.url);
      return { status: response.status, type: response.headers.get('content-type') ?? '', bytes };
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof WitnessError) throw cause;
      const why = timeout.aborted ? `no answer in ${this.#limits.requestMs} ms` : reasonOf(cause);
      throw new WitnessError('unreachable', `the witness at ${this.url} cannot be reached (${why})`, {
        cause,
      });
    }
  }
}

async function readCapped(response: Response, most: number, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw new WitnessError('bad-answer', `${url} answered with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new WitnessError(
      'bad-config',
      `${JSON.stringify(text)} is no witness's address: give http(s)://HOST[:PORT][/PATH]`,
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function noteText(note: Uint8Array): string {
  const whole = fromUtf8(note);
  return whole.slice(0, whole.lastIndexOf('\n\n') + 1);
}

function sizeOf(bytes: Uint8Array): number {
  const size = Number(/^(0|[1-9][0-9]*)\n$/.exec(Buffer.from(bytes).toString('latin1'))?.[1]);
  if (Number.isSafeInteger(size)) return size;
  throw new WitnessError('bad-answer', 'a witness answered 409 without a size');
}

function excerpt(bytes: Uint8Array): string {
  return JSON.stringify(printable(Buffer.from(bytes).subarray(0, 200).toString('utf8').trim()));
}

/** The short reason of a failed request: the system's code (ECONNREFUSED) when it has one. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return cause?.code ?? (error as Error).message;
}
