import type { IncomingMessage } from 'node:http';
import { ClientError } from './errors.ts';
import { openAnswer, reasonOf, unreachable } from './http.ts';
import { CLIENT_LIMITS } from './limits.ts';

/** One server-sent event of a tally: its name (`entry`, `seeders`) and its data as parsed JSON. */
export interface TallyEvent {
  readonly name: string;
  readonly data: unknown;
}

/**
 * Reads `text/event-stream` (WHATWG HTML, "Server-sent events") until the stream ends or `signal` aborts, which
 * ends the iteration quietly. Throws `unreachable` when the stream breaks or falls silent.
 */
export async function* readEvents(
  url: URL,
  { signal, localAddress }: { signal: AbortSignal; localAddress?: string | undefined },
): AsyncGenerator<TallyEvent> {
  const headers = { accept: 'text/event-stream' };
  let response: IncomingMessage | undefined;
  try {
    response = await openAnswer(url, { headers, signal, localAddress });
    if (response.statusCode !== 200) throw unreachable(url, `HTTP status ${response.statusCode}`);
    response.setTimeout(CLIENT_LIMITS.eventSilenceSeconds * 1000, () => {
      response?.destroy(new Error('the event stream fell silent'));
    });
    const parser = new EventStreamParser();
    for await (const chunk of response as AsyncIterable<Buffer>) yield* parser.push(chunk);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ClientError) throw error;
    throw unreachable(url, reasonOf(error), error);
  } finally {
    response?.destroy();
  }
}

/** The lines of an event stream made into events; events whose data is not JSON are left out. */
export class EventStreamParser {
  #rest = '';
  #name = 'message';
  #data: string[] = [];
  #dataLength = 0;
  readonly #decoder = new TextDecoder();

  *push(chunk: Uint8Array): Generator<TallyEvent> {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    this.#bound(this.#rest.length);
    for (const line of lines) {
      if (line === '') yield* this.#dispatch();
      else this.#take(line);
    }
  }

  #take(line: string): void {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') this.#name = value;
    if (field === 'data') {
      this.#data.push(value);
      this.#dataLength += value.length + 1; // empty lines are kept as well
      this.#bound(this.#dataLength);
    }
  }

  *#dispatch(): Generator<TallyEvent> {
    const text = this.#data.join('\n');
    const name = this.#name;
    this.#data = [];
    this.#dataLength = 0;
    this.#name = 'message';
    if (text === '') return;
    try {
      yield { name, data: JSON.parse(text) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // not JSON: no event of a tally
    }
  }

  #bound(length: number): void {
    if (length > CLIENT_LIMITS.eventLineBytes) {
      throw new ClientError(
        'too-large',
        `an event of the tally is longer than ${CLIENT_LIMITS.eventLineBytes}`,
      );
    }
  }
}
