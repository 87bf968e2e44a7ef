import { join } from 'node:path';
import { CodedError } from '../bytes/index.ts';
import { ClientError, LogFollower, RefusedError, type TallyClient } from '../client/index.ts';
import type { PrivateKey } from '../statement/index.ts';
import { type ReleaseView, releaseView } from '../tally/index.ts';
import { BallotBox } from './ballot-box.ts';
import type { BuilderEvent } from './builder-event.ts';
import { type Made, makeRecord, mayPass } from './make.ts';
import { type Act, isRunning, mayShow, nextAct } from './next-act.ts';
import { stillOpenMs, tooEarly } from './own-clock.ts';
import { ownIdentity } from './own-identity.ts';
import { fitsPlatform } from './rebuild.ts';
import type { BuildRecord, MadeRecord, RecordStore } from './record.ts';
import { type Registration, registerBuilder } from './register.ts';
import type { Seeder } from './seeder.ts';
import { Showing } from './showing.ts';
import type { Artifact, BuilderStrategy, BuildTask } from './strategy.ts';
import { UnopenedWarnings } from './unopened.ts';
import { Wake } from './wake.ts';

export interface LoopContext {
  readonly client: TallyClient;
  readonly origin: string;
  readonly logKey: string;
  readonly signer: PrivateKey;
  readonly registration: Registration;
  readonly dataFolder: string;
  readonly cacheFolder: string;
  readonly trusted: boolean;
  readonly strategy: BuilderStrategy;
  readonly records: RecordStore;
  readonly known: Map<string, BuildRecord>;
  readonly seeder: Seeder;
  readonly signal: AbortSignal;
  readonly onEvent: (event: BuilderEvent) => void;
}

/** Longest sleep between two looks at the log; events end it sooner. */
const POLL_MS = 2000;
/** Sleep after a trouble; doubled with each one in a row. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Acts that send a statement: once it is logged they are done, even before the log shows it. */
const SENDS: ReadonlySet<Act> = new Set(['commit', 'vote', 'vote-late', 'open-late', 'tell-failure']);
/** Acts that show an infohash. */
const SHOWS: ReadonlySet<Act> = new Set(['vote', 'vote-late', 'open-late']);

/**
 * The life of a builder: look at the log, do for each release what is next, sleep. One artifact is made at a time,
 * beside the loop, so that votes do not wait for a build.
 */
export class BuilderLoop {
  readonly #context: LoopContext;
  /** Aborts when the caller says so and when the loop ends by an error: then nothing of it goes on. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #follower: LogFollower;
  readonly #box: BallotBox;
  readonly #wake = new Wake();
  /** Records by release; each is on the disk too. */
  readonly #records: Map<string, BuildRecord>;
  /** The artifact that is being made; one at a time. */
  #making: Promise<void> | undefined;
  /** When making was last in trouble, by release: it is tried again after a pause. */
  readonly #notBefore = new Map<string, number>();
  /** Acts that are done, or refused for good, in this run: `<release> <round> <act>`. */
  readonly #done = new Set<string>();
  /** Releases about which all is done but seeding: `<release> <round>`, since founders may ask again. */
  readonly #settled = new Set<string>();
  readonly #showing: Showing;
  readonly #warnings = new UnopenedWarnings();
  #registered = false;
  /** An error that ends the loop. */
  #fatal: unknown;

  constructor(context: LoopContext) {
    this.#context = context;
    this.#records = context.known;
    this.#showing = new Showing(context.records, context.seeder);
    this.#signal = AbortSignal.any([context.signal, this.#end.signal]);
    const { client, logKey, dataFolder, signer, origin } = context;
    this.#follower = new LogFollower(client, { logKey, stateFolder: join(dataFolder, 'log') });
    this.#box = new BallotBox(client, signer, origin, Date.now);
  }

  /** Lives until the signal aborts. Throws what cannot pass. */
  async run(): Promise<void> {
    const listening = this.#listen().catch((error: unknown) => this.#fail(error));
    try {
      await this.#live();
    } finally {
      this.#end.abort();
      await Promise.all([this.#making, listening]);
    }
  }

  async #live(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#signal.aborted) {
      let sleepMs = POLL_MS;
      try {
        await this.#follower.update(this.#signal);
        await this.#turn();
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!isPassing(error)) throw error;
        this.#trouble(error);
        sleepMs = Math.max(pauseMs, waitOf(error));
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
      await this.#wake.sleep(sleepMs, this.#signal);
      if (this.#fatal !== undefined) throw this.#fatal;
    }
  }

  #fail(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#fatal = error;
    this.#wake.poke();
  }

  /** Wakes the loop at each event of the tally, for as long as it runs. */
  async #listen(): Promise<void> {
    const pause = new Wake();
    while (!this.#signal.aborted) {
      try {
        for await (const event of this.#context.client.events(this.#signal))
          if (event.name === 'entry') this.#wake.poke();
      } catch (error) {
        if (!(error instanceof ClientError)) throw error; // broken or refused: the loop polls meanwhile
      }
      await pause.sleep(POLL_MS, this.#signal);
    }
  }

  async #turn(): Promise<void> {
    const { tally } = this.#follower;
    if (tally.policy === undefined) return;
    await this.#register();
    for (const warning of this.#warnings.next(tally, this.#box, this.#records)) this.#tell(warning);
    for (const { release, package: packageUrl, infoHashV2 } of await this.#showing.endTakenDown(tally)) {
      this.#tell({ event: 'stopped', release, package: packageUrl, infoHashV2 });
    }
    for (const digest of new Set([...tally.unfinished, ...this.#records.keys()])) {
      if (this.#settled.has(`${digest} ${tally.releases.get(digest)?.round}`)) continue;
      const release = releaseView(tally, digest);
      if (release?.authorised === true && fitsPlatform(release.platform)) await this.#attend(release);
    }
  }

  async #register(): Promise<void> {
    if (this.#registered) return;
    const { client, signer, registration, origin, dataFolder } = this.#context;
    const identity = ownIdentity(this.#follower.tally, signer.key);
    if (identity === undefined) {
      const context = { origin, dataFolder, nowMs: Date.now, signal: this.#signal };
      const { index } = await registerBuilder(client, signer, registration, context);
      this.#tell({ event: 'registered', key: signer.key, operator: registration.operator, index });
    } else this.#box.identity = identity;
    this.#registered = true;
  }

  async #attend(release: ReleaseView): Promise<void> {
    const record = this.#records.get(release.digest);
    const made = record?.kind === 'made' || record?.kind === 'late' ? record : undefined;
    const act = nextAct(release, this.#box.own(this.#follower.tally, release.digest), record, {
      commitment: made === undefined ? undefined : this.#box.commitment(made),
      makesLate: this.#context.strategy.makeLate !== undefined,
    });
    const name = `${roundOf(release)} ${act}`;
    const isShowing = made !== undefined && mayShow(release, made.infoHashV2);
    if ((SHOWS.has(act) || isShowing) && this.#isOpenHere(release)) return;
    if (!this.#done.has(name)) {
      try {
        await this.#do(act, release, record);
        if (SENDS.has(act)) this.#done.add(name);
      } catch (error) {
        if (!(error instanceof RefusedError) || isPassing(error)) throw error;
        this.#done.add(name);
        this.#tell({ event: 'missed', ...about(release), reason: error.message });
      }
    }
    if (isShowing) await this.#seed(release, made);
    this.#tellVerdict(release);
  }

  /** Whether the commit window still runs by this machine's clock; that the log says otherwise is told once. */
  #isOpenHere(release: ReleaseView): boolean {
    const state = this.#follower.tally.releases.get(release.digest);
    const leftMs = state === undefined ? 0 : stillOpenMs(state, Date.now());
    if (leftMs <= 0) return false;
    const name = `${roundOf(release)} open here`;
    if (!this.#done.has(name)) this.#trouble(new Error(tooEarly(leftMs)), release.digest);
    this.#done.add(name);
    return true;
  }

  async #do(act: Act, release: ReleaseView, record: BuildRecord | undefined): Promise<void> {
    const signal = this.#signal;
    switch (act) {
      case 'make':
      case 'make-late':
        this.#startMaking(release, act);
        return;
      case 'commit': {
        const { index } = await this.#box.commit(record as MadeRecord, signal);
        this.#tell({ event: 'committed', ...about(release), index });
        return;
      }
      case 'vote':
      case 'vote-late': {
        const voted = record as MadeRecord;
        const { index } = await this.#box.vote(voted, signal);
        this.#tell({ event: 'voted', ...about(release), infoHashV2: voted.infoHashV2, index });
        return;
      }
      case 'open-late': {
        const { infoHashV2 } = record as MadeRecord;
        const { index } = await this.#box.vote(record as MadeRecord, signal);
        const matches = this.#verdictOf(release) === infoHashV2;
        this.#tell({ event: 'opened-late', ...about(release), infoHashV2, index, matches });
        return;
      }
      case 'tell-failure':
        await this.#box.tellFailure(record as Extract<BuildRecord, { kind: 'failed' }>, signal);
        return;
      case 'missed':
        this.#giveUp(release, act, 'the commit window ended before the commitment was logged');
        return;
      case 'contradiction':
        this.#giveUp(
          release,
          act,
          'the log holds a commitment by this key that this data folder knows nothing of: it is used elsewhere, ' +
            'or the folder was lost',
        );
        return;
      case 'nothing':
        return;
    }
  }

  #giveUp(release: ReleaseView, act: Act, reason: string): void {
    this.#done.add(`${roundOf(release)} ${act}`);
    this.#tell({ event: 'missed', ...about(release), reason });
  }

  #startMaking(release: ReleaseView, act: 'make' | 'make-late'): void {
    if (this.#making !== undefined || Date.now() < (this.#notBefore.get(release.digest) ?? 0)) return;
    this.#making = this.#make(release, act)
      .catch((error: unknown) => {
        if (!mayPass(error) || this.#signal.aborted) {
          this.#fail(error);
          return;
        }
        this.#notBefore.set(release.digest, Date.now() + POLL_MS);
        this.#trouble(error, release.digest);
      })
      .finally(() => {
        this.#making = undefined;
        this.#wake.poke();
      });
  }

  async #make(release: ReleaseView, act: 'make' | 'make-late'): Promise<void> {
    const { client, records, cacheFolder, trusted, strategy } = this.#context;
    if (act === 'make') this.#tell({ event: 'building', ...about(release) });
    const context = {
      client,
      records,
      cacheFolder,
      trusted,
      signal: this.#signal,
      onProgress: (
        _release: ReleaseView,
        progress: Extract<BuilderEvent, { event: 'progress' }>['progress'],
      ) => this.#tell({ event: 'progress', ...about(release), progress }),
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
      this.#notBefore.set(release.digest, Date.now() + FIRST_PAUSE_MS); // asked again while the window is open
      return;
    }
    await this.#context.records.write(record, torrent);
    this.#records.set(release.digest, record);
    if (record.kind === 'failed') this.#tell({ event: 'failed', ...about(release), reason: record.reason });
    if (record.kind === 'made' || record.kind === 'late') {
      const { sha256 } = record.output;
      const { infoHashV2 } = record;
      this.#tell({ event: 'built', ...about(release), infoHashV2, ...(sha256 !== undefined && { sha256 }) });
    }
  }

  async #seed(release: ReleaseView, record: MadeRecord): Promise<void> {
    try {
      if (!(await this.#showing.begin(record))) return;
    } catch (error) {
      if (!(error instanceof CodedError) || this.#signal.aborted) throw error;
      this.#tell({ event: 'missed', ...about(release), reason: `cannot seed: ${error.message}` });
      return;
    }
    this.#tell({ event: 'seeding', ...about(release), infoHashV2: record.infoHashV2 });
  }

  /** What was decided, also when the release was taken down since. */
  #verdictOf({ digest }: ReleaseView): string | null | undefined {
    return this.#follower.tally.releases.get(digest)?.verdict?.outcome.infoHashV2;
  }

  #tellVerdict(release: ReleaseView): void {
    const { state, winner } = release;
    if (isRunning(release)) return;
    this.#settled.add(roundOf(release));
    this.#tell({ event: 'verdict', ...about(release), state, winner });
  }

  #trouble(error: unknown, release?: string): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#tell({ event: 'trouble', reason, ...(release !== undefined && { release }) });
  }

  #tell(event: BuilderEvent): void {
    this.#context.onEvent(event);
  }
}

/** Whether an error may pass by itself: the tally is away, or too busy. */
function isPassing(error: unknown): boolean {
  if (error instanceof RefusedError) return error.status === 429 || error.status >= 500;
  return error instanceof ClientError && error.code === 'unreachable';
}

function waitOf(error: unknown): number {
  const waitMs = error instanceof RefusedError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.min(LONGEST_PAUSE_MS, waitMs); // no tally makes a builder miss its windows by a word
}

/** One asking about a release: the first, or a revote. */
function roundOf({ digest, round }: ReleaseView): string {
  return `${digest} ${round}`;
}

function about({ digest, package: packageUrl }: ReleaseView) {
  return { release: digest, package: packageUrl };
}
