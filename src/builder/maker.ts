import type { ReleaseView } from '../tally/index.ts';
import type { BuilderEvent } from './builder-event.ts';
import type { LoopContext } from './loop-context.ts';
import { type Made, makeRecord, mayPass } from './make.ts';
import type { Artifact, BuildTask } from './strategy.ts';
import { about, troubleOf } from './telling.ts';

/** Sleep after a trouble, before the same release is tried again. */
const PAUSE_MS = 2000;
/** Sleep before votes are asked for again that the log did not show yet. */
const SHORT_PAUSE_MS = 500;

/** What a maker tells the one who runs it. */
export interface MakerHooks {
  /** An error that cannot pass: the builder ends by it. */
  readonly fail: (error: unknown) => void;
  /** Something was made, or given up: there may be something to do. */
  readonly ended: () => void;
}

/** Makes artifacts, one at a time, beside the builder's loop, so that votes do not wait for a build. */
export class Maker {
  readonly #context: LoopContext;
  readonly #signal: AbortSignal;
  readonly #hooks: MakerHooks;
  #making: Promise<void> | undefined;
  /** When making was last in trouble, by release: it is tried again after a pause. */
  readonly #notBefore = new Map<string, number>();

  constructor(context: LoopContext, signal: AbortSignal, hooks: MakerHooks) {
    this.#context = context;
    this.#signal = signal;
    this.#hooks = hooks;
  }

  /** Ends when what is being made is made, or was given up. */
  async settled(): Promise<void> {
    await this.#making;
  }

  /** Begins to make what a release needs, unless something is being made or it was in trouble a moment ago. */
  start(release: ReleaseView, act: 'make' | 'make-late'): void {
    if (this.#making !== undefined || Date.now() < (this.#notBefore.get(release.digest) ?? 0)) return;
    this.#making = this.#make(release, act)
      .catch((error: unknown) => {
        if (!mayPass(error) || this.#signal.aborted) {
          this.#hooks.fail(error);
          return;
        }
        this.#notBefore.set(release.digest, Date.now() + PAUSE_MS);
        this.#context.onEvent(troubleOf(error, release.digest));
      })
      .finally(() => {
        this.#making = undefined;
        this.#hooks.ended();
      });
  }

  async #make(release: ReleaseView, act: 'make' | 'make-late'): Promise<void> {
    const { client, records, cacheFolder, trusted, strategy } = this.#context;
    if (act === 'make') this.#context.onEvent({ event: 'building', ...about(release) });
    const context = {
      client,
      records,
      cacheFolder,
      trusted,
      signal: this.#signal,
      onProgress: (
        _release: ReleaseView,
        progress: Extract<BuilderEvent, { event: 'progress' }>['progress'],
      ) => this.#context.onEvent({ event: 'progress', ...about(release), progress }),
    };
    const make = (task: BuildTask): Promise<Artifact | undefined> =>
      act === 'make' ? strategy.makeArtifact(task) : this.#makeLate(task, release);
    const kind = act === 'make' ? 'made' : 'late';
    await this.#keep(release, act, await makeRecord(context, release, make, kind));
  }

  async #makeLate(task: BuildTask, release: ReleaseView): Promise<Artifact | undefined> {
    const download = (infoHashV2: string): Promise<Artifact> =>
      this.#context.seeder.download(infoHashV2, task.outputFolder, task.signal);
    const votedFor = release.groups.map(({ infoHashV2, builders }) => ({ infoHashV2, builders }));
    return this.#context.strategy.makeLate?.({ ...task, votedFor, download });
  }

  async #keep(release: ReleaseView, act: 'make' | 'make-late', { record, torrent }: Made): Promise<void> {
    if (act === 'make-late' && record.kind !== 'late') {
      this.#notBefore.set(release.digest, Date.now() + SHORT_PAUSE_MS); // asked again while the window is open
      return;
    }
    await this.#context.records.write(record, torrent);
    this.#context.known.set(release.digest, record);
    if (record.kind === 'failed')
      this.#context.onEvent({ event: 'failed', ...about(release), reason: record.reason });
    if (record.kind === 'made' || record.kind === 'late') {
      const { sha256 } = record.output;
      const { infoHashV2 } = record;
      this.#context.onEvent({
        event: 'built',
        ...about(release),
        infoHashV2,
        ...(sha256 !== undefined && { sha256 }),
      });
    }
  }
}
