import { join } from 'node:path';
import { ClientError, LogFollower, RefusedError } from '../client/index.ts';
import { releaseView } from '../tally/index.ts';
import { Attendant } from './attendant.ts';
import { BallotBox } from './ballot-box.ts';
import type { LoopContext } from './loop-context.ts';
import { Maker } from './maker.ts';
import { ownIdentity } from './own-identity.ts';
import { fitsPlatform } from './rebuild.ts';
import { registerBuilder } from './register.ts';
import { Showing } from './showing.ts';
import { isPassing, troubleOf } from './telling.ts';
import { UnopenedWarnings } from './unopened.ts';
import { Wake } from './wake.ts';

/** Longest sleep between two looks at the log; events end it sooner. */
const POLL_MS = 2000;
/** Sleep after a trouble; doubled with each one in a row. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** The life of a builder: look at the log, do for each release what is next, sleep. */
export class BuilderLoop {
  readonly #context: LoopContext;
  /** Aborts when the caller says so and when the loop ends by an error: then nothing of it goes on. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #follower: LogFollower;
  readonly #box: BallotBox;
  readonly #wake = new Wake();
  readonly #showing: Showing;
  readonly #maker: Maker;
  readonly #attendant: Attendant;
  readonly #warnings = new UnopenedWarnings();
  #registered = false;
  /** An error that ends the loop. */
  #fatal: unknown;

  constructor(context: LoopContext) {
    this.#context = context;
    this.#showing = new Showing(context.records, context.seeder);
    this.#signal = AbortSignal.any([context.signal, this.#end.signal]);
    const { client, logKey, dataFolder, signer, origin } = context;
    this.#follower = new LogFollower(client, { logKey, stateFolder: join(dataFolder, 'log') });
    this.#box = new BallotBox(client, signer, origin, Date.now);
    this.#maker = new Maker(context, this.#signal, {
      fail: (error) => this.#fail(error),
      ended: () => this.#wake.poke(),
    });
    this.#attendant = new Attendant(context, {
      follower: this.#follower,
      box: this.#box,
      showing: this.#showing,
      maker: this.#maker,
      signal: this.#signal,
    });
  }

  /** Lives until the signal aborts. Throws what cannot pass. */
  async run(): Promise<void> {
    const listening = this.#listen().catch((error: unknown) => this.#fail(error));
    try {
      await this.#live();
    } finally {
      this.#end.abort();
      await Promise.all([this.#maker.settled(), listening]);
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
        this.#context.onEvent(troubleOf(error));
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
    for (const warning of this.#warnings.next(tally, this.#box, this.#context.known))
      this.#context.onEvent(warning);
    for (const { release, package: packageUrl, infoHashV2 } of await this.#showing.endTakenDown(tally)) {
      this.#context.onEvent({ event: 'stopped', release, package: packageUrl, infoHashV2 });
    }
    for (const digest of new Set([...tally.unfinished, ...this.#context.known.keys()])) {
      if (this.#attendant.isSettled(digest, tally.releases.get(digest)?.round)) continue;
      const release = releaseView(tally, digest);
      if (release?.authorised === true && fitsPlatform(release.platform))
        await this.#attendant.attend(release);
    }
  }

  async #register(): Promise<void> {
    if (this.#registered) return;
    const { client, signer, registration, origin, dataFolder } = this.#context;
    const identity = ownIdentity(this.#follower.tally, signer.key);
    if (identity === undefined) {
      const context = { origin, dataFolder, nowMs: Date.now, signal: this.#signal };
      const { index } = await registerBuilder(client, signer, registration, context);
      this.#context.onEvent({ event: 'registered', key: signer.key, operator: registration.operator, index });
    } else this.#box.identity = identity;
    this.#registered = true;
  }
}

function waitOf(error: unknown): number {
  const waitMs = error instanceof RefusedError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.min(LONGEST_PAUSE_MS, waitMs); // no tally makes a builder miss its windows by a word
}
