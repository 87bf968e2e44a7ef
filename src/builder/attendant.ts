import { CodedError } from '../bytes/index.ts';
import { type LogFollower, RefusedError } from '../client/index.ts';
import type { ReleaseView } from '../tally/index.ts';
import type { BallotBox } from './ballot-box.ts';
import type { LoopContext } from './loop-context.ts';
import type { Maker } from './maker.ts';
import { type Act, isRunning, mayShow, nextAct } from './next-act.ts';
import { stillOpenMs, tooEarly } from './own-clock.ts';
import type { BuildRecord, MadeRecord } from './record.ts';
import type { Showing } from './showing.ts';
import { about, isPassing, troubleOf } from './telling.ts';

/** Acts that send a statement: once it is logged they are done, even before the log shows it. */
const SENDS: ReadonlySet<Act> = new Set(['commit', 'vote', 'vote-late', 'open-late', 'tell-failure']);
/** Acts that show an infohash. */
const SHOWS: ReadonlySet<Act> = new Set(['vote', 'vote-late', 'open-late']);

/** What it works with besides the loop's context. */
export interface AttendantParts {
  readonly follower: LogFollower;
  readonly box: BallotBox;
  readonly showing: Showing;
  readonly maker: Maker;
  readonly signal: AbortSignal;
}

/** Does for each release what is next: make, commit, vote, show; each once. */
export class Attendant {
  readonly #context: LoopContext;
  readonly #follower: LogFollower;
  readonly #box: BallotBox;
  readonly #showing: Showing;
  readonly #maker: Maker;
  readonly #signal: AbortSignal;
  /** Acts that are done, or refused for good, in this run: `<release> <round> <act>`. */
  readonly #done = new Set<string>();
  /** Releases about which all is done but seeding: `<release> <round>`, since founders may ask again. */
  readonly #settled = new Set<string>();

  constructor(context: LoopContext, parts: AttendantParts) {
    this.#context = context;
    this.#follower = parts.follower;
    this.#box = parts.box;
    this.#showing = parts.showing;
    this.#maker = parts.maker;
    this.#signal = parts.signal;
  }

  /** Whether all is done about this round of a release but seeding. */
  isSettled(digest: string, round: number | undefined): boolean {
    return this.#settled.has(`${digest} ${round}`);
  }

  /** Does what is next about a release. Throws what cannot pass, and what may pass by itself. */
  async attend(release: ReleaseView): Promise<void> {
    const record = this.#context.known.get(release.digest);
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
        this.#context.onEvent({ event: 'missed', ...about(release), reason: error.message });
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
    if (!this.#done.has(name)) this.#context.onEvent(troubleOf(new Error(tooEarly(leftMs)), release.digest));
    this.#done.add(name);
    return true;
  }

  async #do(act: Act, release: ReleaseView, record: BuildRecord | undefined): Promise<void> {
    const signal = this.#signal;
    switch (act) {
      case 'make':
      case 'make-late':
        this.#maker.start(release, act);
        return;
      case 'commit': {
        const { index } = await this.#box.commit(record as MadeRecord, signal);
        this.#context.onEvent({ event: 'committed', ...about(release), index });
        return;
      }
      case 'vote':
      case 'vote-late': {
        const voted = record as MadeRecord;
        const { index } = await this.#box.vote(voted, signal);
        this.#context.onEvent({ event: 'voted', ...about(release), infoHashV2: voted.infoHashV2, index });
        return;
      }
      case 'open-late': {
        const { infoHashV2 } = record as MadeRecord;
        const { index } = await this.#box.vote(record as MadeRecord, signal);
        const matches = this.#verdictOf(release) === infoHashV2;
        this.#context.onEvent({ event: 'opened-late', ...about(release), infoHashV2, index, matches });
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
    this.#context.onEvent({ event: 'missed', ...about(release), reason });
  }

  async #seed(release: ReleaseView, record: MadeRecord): Promise<void> {
    try {
      if (!(await this.#showing.begin(record))) return;
    } catch (error) {
      if (!(error instanceof CodedError) || this.#signal.aborted) throw error;
      this.#context.onEvent({ event: 'missed', ...about(release), reason: `cannot seed: ${error.message}` });
      return;
    }
    this.#context.onEvent({ event: 'seeding', ...about(release), infoHashV2: record.infoHashV2 });
  }

  /** What was decided, also when the release was taken down since. */
  #verdictOf({ digest }: ReleaseView): string | null | undefined {
    return this.#follower.tally.releases.get(digest)?.verdict?.outcome.infoHashV2;
  }

  #tellVerdict(release: ReleaseView): void {
    const { state, winner } = release;
    if (isRunning(release)) return;
    this.#settled.add(roundOf(release));
    this.#context.onEvent({ event: 'verdict', ...about(release), state, winner });
  }
}

/** One asking about a release: the first, or a revote. */
function roundOf({ digest, round }: ReleaseView): string {
  return `${digest} ${round}`;
}
