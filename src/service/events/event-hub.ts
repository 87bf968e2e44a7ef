import { createSession, type Session } from 'better-sse';
import type { Request, Response } from 'express';
import { ServiceError } from '../errors.ts';
import type { ServiceLimits } from '../limits.ts';

/** An entry that the log took, as `entry` events tell it. */
export interface EntryEvent {
  readonly index: number;
  readonly kind: string;
  /** Digest of the release that it is about. */
  readonly release?: string;
  /** The key that signed it. */
  readonly key?: string;
}

/** How many seed an infohash now, as `seeders` events tell it. */
export interface SeedersEvent {
  readonly infoHashV2: string;
  readonly live: number;
  readonly reputable: number;
}

interface Reader {
  readonly group: string;
  /** Null until the head of its answer is sent. */
  session: Session | null;
}

const KEEP_ALIVE_MS = 10_000;

/**
 * Server-sent events. The id of every event is the index of the newest entry, so that `Last-Event-ID` says how far
 * a reader came: it gets the entries after that, as far as they are still held, and then every infohash's seeders.
 * A gap shows in the indices; whoever sees one asks the API again.
 */
export class EventHub {
  readonly #limits: ServiceLimits['events'];
  readonly #readers = new Map<Response, Reader>();
  readonly #keepAlive: NodeJS.Timeout;
  readonly #recent: EntryEvent[] = [];
  readonly #seeders: () => Iterable<SeedersEvent>;
  #newest = -1;
  #closed = false;

  /** `seeders` gives the present counts for a reader that comes back. */
  constructor(limits: ServiceLimits['events'], seeders: () => Iterable<SeedersEvent>) {
    this.#limits = limits;
    this.#seeders = seeders;
    this.#keepAlive = setInterval(() => {
      for (const [response, { session }] of this.#readers) if (session !== null) response.write(':\n\n');
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  get readers(): number {
    return this.#readers.size;
  }

  entry(event: EntryEvent): void {
    this.#recent.push(event);
    if (this.#recent.length > this.#limits.replayed) this.#recent.shift();
    this.#newest = event.index;
    this.#tell('entry', event);
  }

  seeders(event: SeedersEvent): void {
    this.#tell('seeders', event);
  }

  /** Makes a request's answer a stream of events until its reader goes or the hub closes. */
  async open(request: Request, response: Response, group: string): Promise<void> {
    if (this.#closed) throw new ServiceError('closing', 'The tally is closing.');
    const same = Array.from(this.#readers.values()).filter((reader) => reader.group === group).length;
    if (this.#readers.size >= this.#limits.sessions || same >= this.#limits.sessionsPerAddress) {
      throw new ServiceError('too-many-readers', 'Too many event streams are open; close one and come back.');
    }
    const reader: Reader = { group, session: null };
    this.#readers.set(response, reader);
    response.once('close', () => this.#readers.delete(response));
    // better-sse makes a URL of these, and throws where HTTP allows more than URLs do.
    request.url = '/';
    request.headers.host = 'localhost';
    // Its own keep-alive is off: its timer would outlive a reader that leaves before the head is sent.
    const session = await createSession(request, response, { keepAlive: null, retry: 1000 });
    reader.session = session;
    this.#replay(response, session);
  }

  /** Ends every stream. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#keepAlive);
    for (const [response, { session }] of this.#readers) {
      if (session === null)
        response.destroy(); // its head is still to be sent, which would throw behind an end
      else response.end();
    }
    this.#readers.clear();
  }

  #replay(response: Response, session: Session): void {
    if (!/^\d{1,15}$/.test(session.lastId)) return;
    const last = Number(session.lastId);
    for (const event of this.#recent) {
      if (event.index > last) this.#push(response, session, 'entry', event, event.index);
    }
    for (const event of this.#seeders()) this.#push(response, session, 'seeders', event, this.#newest);
  }

  #tell(name: string, event: EntryEvent | SeedersEvent): void {
    for (const [response, { session }] of this.#readers) {
      if (session !== null) this.#push(response, session, name, event, this.#newest);
    }
  }

  #push(
    response: Response,
    session: Session,
    name: string,
    event: EntryEvent | SeedersEvent,
    id: number,
  ): void {
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength > this.#limits.backlogBytes) response.destroy();
    else session.push(event, name, String(id));
  }
}
