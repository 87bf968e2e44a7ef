import type { BlockSpan, HashRange } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import type { SwarmError } from '../error.ts';
import type { EngineOptions } from '../options.ts';
import { Choker, slotsUnder } from './choker.ts';
import { HashDesk, type HashDeskParts } from './hash-desk.ts';
import { RecentReads } from './recent-reads.ts';
import { Uploader, type UploadSource } from './uploader.ts';

export interface ServingParts extends Omit<UploadSource, 'onReadError' | 'recent'>, HashDeskParts {
  readonly options: EngineOptions;
  /** Content cannot be read. */
  readonly onFailure: (error: SwarmError) => void;
}

interface Customer {
  readonly uploader: Uploader;
  /** Hash requests that wait. */
  hashQueue: number;
}

/** What peers get of us: blocks, to so many of them at once, and hashes. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #source: UploadSource;
  readonly #customers = new Map<Peer, Customer>();
  readonly #choker: Choker;
  /** Made with the first question: of thousands of torrents that are seeded, few are asked for. */
  #hashDesk: HashDesk | undefined;

  constructor(parts: ServingParts) {
    const { layout, options, throttle, now, onFailure } = parts;
    this.#parts = parts;
    this.#source = { ...parts, recent: new RecentReads(layout, now), onReadError: onFailure };
    this.#choker = new Choker({
      slots: () => slotsUnder(throttle, options.uploadSlots),
      turnMs: options.uploadTurnMs,
      now,
      onChoke: (peer) => this.#customers.get(peer)?.uploader.refuseAll(),
    });
  }

  /** Takes in a peer; it is served once it is interested and there is a slot. */
  join(peer: Peer): void {
    this.#customers.set(peer, { uploader: new Uploader(peer, this.#source), hashQueue: 0 });
  }

  leave(peer: Peer): void {
    this.#customers.delete(peer);
    this.#choker.leave(peer);
  }

  /** A peer became interested or stopped being so. */
  onInterest(peer: Peer): void {
    if (this.#customers.has(peer)) this.#choker.onInterest(peer);
  }

  request(peer: Peer, span: BlockSpan): void {
    this.#customers.get(peer)?.uploader.request(span);
  }

  cancel(peer: Peer, span: BlockSpan): void {
    this.#customers.get(peer)?.uploader.cancel(span);
  }

  /** Answers a hash request (BEP 52). */
  giveHashes(peer: Peer, range: HashRange): void {
    const customer = this.#customers.get(peer);
    if (!customer) return;
    this.#hashDesk ??= new HashDesk(this.#parts);
    void this.#hashDesk.answer(peer, customer, range);
  }

  /** How many requests of a peer wait. */
  waitingOf(peer: Peer): number {
    return this.#customers.get(peer)?.uploader.waiting ?? 0;
  }

  /** Called once a second. */
  tick(): void {
    this.#choker.tick();
    for (const { uploader } of this.#customers.values()) uploader.tick();
  }
}
