// A whole network that runs: a tally over HTTP with a clock that the test holds, builders with keys of their own, and
// engines that seed what they built, so that every audit is a real one.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fromHex, toHex } from '../../src/bytes/index.ts';
import { initTally, type RunningTally, type StartOptions, startTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import {
  announceDigestOf,
  commitmentOf,
  generateKey,
  type Kind,
  makeStatement,
  type PredicateInput,
  type PrivateKey,
  type Statement,
  sha256,
  signStatement,
} from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import type { BuilderView, ReleaseView } from '../../src/tally/index.ts';
import { createTorrent, type Metainfo } from '../../src/torrent/index.ts';
import { ManualClock } from '../service/manual-clock.ts';
import {
  type Answer,
  ask,
  type Cast,
  digestOf,
  makeCast,
  PACKAGE,
  policyToml,
  post,
  RECIPE,
  until,
} from '../service/tally-fixture.ts';

export const COMMIT_SECONDS = 100;
export const VOTE_SECONDS = 200;
export const DAY_SECONDS = 86_400;

/** Something that a builder built: a file, and the torrent that is its vote. */
export interface Build {
  readonly metainfo: Metainfo;
  readonly path: string;
  readonly hash: string;
}

export interface NetworkOptions {
  readonly founders?: number;
  /** Changes the policy's TOML; tables may be added at its end. */
  readonly policy?: (toml: string) => string;
  /** Operator, prefixes and next key of each founder; nothing shared and its own key unless told. */
  readonly registration?: (at: number) => Registration;
  readonly origin?: string;
  readonly start?: Partial<StartOptions>;
  readonly clock?: ManualClock;
}

export interface Registration {
  readonly operator?: string;
  readonly prefixes?: string[];
  readonly next?: PrivateKey;
}

export class Network {
  readonly tally: RunningTally;
  readonly clock: ManualClock;
  readonly cast: Cast;
  readonly folder: string;
  readonly #engines = new Map<string, Promise<Engine>>();
  readonly #packages = new Map<string, string>();
  #builds = 0;

  private constructor(folder: string, parts: { tally: RunningTally; clock: ManualClock; cast: Cast }) {
    this.folder = folder;
    this.tally = parts.tally;
    this.clock = parts.clock;
    this.cast = parts.cast;
  }

  /** A network whose founders are registered. */
  static async start(context: TestContext, options: NetworkOptions = {}): Promise<Network> {
    const { founders = 5, policy = (toml) => toml, origin = 'threats.test/log', start = {} } = options;
    const folder = await mkdtemp(join(tmpdir(), 'bitquorum-threats-'));
    const cast = makeCast(founders);
    const clock = options.clock ?? new ManualClock(Date.now());
    const dataFolder = join(folder, 'data');
    await initTally({
      dataFolder,
      policyToml: policy(policyToml(cast, 60).replace('foundersQuorum = 1', 'foundersQuorum = 2')),
      founders: cast.founders.slice(0, 2),
      origin,
      clock,
    });
    const limits = {
      rates: { ...SERVICE_LIMITS.rates, entry: { burst: 5000, perSecond: 1000 } },
      ...start.limits,
    };
    const tally = await startTally({ dataFolder, clock, ...start, limits });
    const network = new Network(folder, { tally, clock, cast });
    context.after(() => network.close());
    for (const [at, founder] of cast.founders.entries()) {
      await network.register(founder, options.registration?.(at));
    }
    return network;
  }

  /** Posts a statement, signed by keys. */
  say<K extends Kind>(
    kind: K,
    subject: { readonly name: string; readonly sha256: string },
    predicate: Omit<PredicateInput<K>, 'origin' | 'timeMs'>,
    ...keys: readonly PrivateKey[]
  ): Promise<Answer> {
    return post(this.tally, this.sign(kind, subject, predicate, ...keys));
  }

  sign<K extends Kind>(
    kind: K,
    subject: { readonly name: string; readonly sha256: string },
    predicate: Omit<PredicateInput<K>, 'origin' | 'timeMs'>,
    ...keys: readonly PrivateKey[]
  ): Uint8Array {
    const bound = { origin: this.tally.origin, timeMs: this.clock.nowMs() };
    const statement: unknown = makeStatement(kind, subject, { ...bound, ...predicate } as PredicateInput<K>);
    return signStatement(statement as Statement, keys);
  }

  /** Registers a builder; each operator and network of its own unless told. */
  async register(key: PrivateKey, change: Registration = {}): Promise<void> {
    const answer = await this.say(
      'builder',
      { name: change.operator ?? key.name, sha256: key.key },
      {
        vkey: key.vkey,
        nextKey: digestOfKey(change.next ?? key),
        operator: change.operator ?? key.name,
        platforms: ['linux/amd64'],
        prefixes: change.prefixes ?? [],
        announceDigest: announceDigestOf(key.announceToken(this.tally.origin)),
      },
      key,
    );
    taken(answer);
  }

  releaseEntry(
    change: Partial<PredicateInput<'release'>> = {},
    keys: readonly PrivateKey[] = [this.cast.publisher],
    recipeText: Uint8Array | string = RECIPE,
  ): Uint8Array {
    const recipe = createHash('sha256').update(recipeText).digest('hex');
    const name = change.package ?? PACKAGE;
    return this.sign(
      'release',
      { name, sha256: recipe },
      {
        package: name,
        sources: [],
        recipe: { sha256: recipe, sizeBytes: RECIPE.length },
        platform: 'any',
        profile: 'hybrid',
        commitSeconds: COMMIT_SECONDS,
        voteSeconds: VOTE_SECONDS,
        ...change,
      },
      ...keys,
    );
  }

  /** Announces a release and waits until builders may commit; its digest. */
  async release(
    change: Partial<PredicateInput<'release'>> = {},
    keys: readonly PrivateKey[] = [this.cast.publisher],
  ): Promise<string> {
    const envelope = this.releaseEntry(change, keys);
    taken(await post(this.tally, envelope));
    const digest = digestOf(envelope);
    this.#packages.set(digest, change.package ?? PACKAGE);
    this.clock.advance(0);
    await this.when(digest, ({ state }) => state === 'committing');
    return digest;
  }

  view = async (digest: string): Promise<ReleaseView> => {
    const { body } = await ask(`${this.tally.url}/api/v1/releases/${digest}`);
    return body as unknown as ReleaseView;
  };

  when(digest: string, done: (view: ReleaseView) => boolean): Promise<ReleaseView> {
    return until(() => this.view(digest), done);
  }

  /** Lets time pass; the log writes what it owes. */
  pass(seconds: number): void {
    this.clock.advance(seconds);
  }

  /** What statements about a release have as their subject. */
  subject(release: string): { name: string; sha256: string } {
    return { name: this.#packages.get(release) ?? PACKAGE, sha256: release };
  }

  /** Ends the commit window, or the vote window. */
  async closed(digest: string): Promise<ReleaseView> {
    this.pass(COMMIT_SECONDS);
    return this.when(digest, ({ state }) => state === 'voting');
  }

  async verdict(digest: string, seconds = VOTE_SECONDS): Promise<ReleaseView> {
    this.pass(seconds);
    return this.when(digest, ({ state }) => ['final', 'contested', 'failed'].includes(state));
  }

  /** Some bytes that a build came to. */
  async build(): Promise<Build> {
    const path = join(this.folder, `build-${(this.#builds += 1)}.tgz`);
    await writeFile(path, randomBytes(20_000));
    const { metainfo } = await createTorrent(path);
    return { metainfo, path, hash: toHex(metainfo.infoHashV2) };
  }

  /** A builder's commitment; `by` is its key now, where it rotated. */
  commit(builder: PrivateKey, release: string, { hash }: Pick<Build, 'hash'>, by = builder): Promise<Answer> {
    const { origin } = this.tally;
    const salt = saltOf(builder, release);
    const parts = { origin, release, key: builder.key, salt, infoHashV2: hash };
    return this.say(
      'commit',
      this.subject(release),
      { release, commitment: commitmentOf(parts, sha256) },
      by,
    );
  }

  vote(builder: PrivateKey, release: string, { hash }: Pick<Build, 'hash'>, by = builder): Promise<Answer> {
    const output = { name: 'noble-hashes-2.0.1.tgz', sizeBytes: 20_000 };
    const predicate = { release, salt: saltOf(builder, release), infoHashV2: hash, output };
    return this.say('vote', this.subject(release), predicate, by);
  }

  /** Commitments of many builders. */
  async commits(builders: readonly PrivateKey[], release: string, build: Build): Promise<void> {
    for (const builder of builders) taken(await this.commit(builder, release, build));
  }

  /** Votes of many builders that then seed; resolves when all were audited. */
  async votes(builders: readonly PrivateKey[], release: string, build: Build): Promise<void> {
    for (const builder of builders) taken(await this.vote(builder, release, build));
    await Promise.all(builders.map((builder) => this.seed(builder, build)));
    const keys = new Set(builders.map(({ key }) => key));
    const isAudited = (view: ReleaseView): boolean =>
      view.builders.filter(({ key, auditIndex }) => auditIndex !== undefined && keys.has(key)).length ===
      keys.size;
    await this.when(release, isAudited);
  }

  /** The whole way of a release on which builders agree in groups; its digest. */
  async run(groups: ReadonlyMap<Build, readonly PrivateKey[]>, name = PACKAGE): Promise<string> {
    const release = await this.release({ package: name });
    for (const [build, builders] of groups) await this.commits(builders, release, build);
    await this.closed(release);
    for (const [build, builders] of groups) await this.votes(builders, release, build);
    return release;
  }

  /** Seeds a build by a builder's own announce URL, from an address of its own. */
  async seed(builder: PrivateKey, { metainfo, path }: Build): Promise<void> {
    const engine = await this.#engineOf(builder);
    const trackers = [`${this.tally.url}/announce/${builder.announceToken(this.tally.origin)}`];
    await engine.seed(metainfo, path, { trackers });
  }

  async builders(): Promise<ReadonlyMap<string, BuilderView>> {
    const { body } = await ask(`${this.tally.url}/api/v1/builders`);
    return new Map((body['builders'] as BuilderView[]).map((view) => [view.key, view]));
  }

  /** Where a builder stands, in one sentence of the tally. */
  async standing({ key }: PrivateKey): Promise<BuilderView['standing']> {
    const view = (await this.builders()).get(key);
    assert.ok(view, `no builder ${key}`);
    return view.standing;
  }

  /** Ends the seeders, then the tally. */
  async close(): Promise<void> {
    for (const engine of await Promise.all(this.#engines.values())) await engine.close();
    await this.tally.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #engineOf({ key }: PrivateKey): Promise<Engine> {
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    const host = `127.0.${50 + this.#engines.size}.1`;
    const made = (async () => {
      const engine = new Engine({ host, localAddress: host });
      await engine.listen();
      return engine;
    })();
    this.#engines.set(key, made);
    return made;
  }
}

/** Keys of so many people who are nobody yet. */
export function strangers(count: number, name = 'stranger'): PrivateKey[] {
  return Array.from({ length: count }, (_, at) => generateKey(`${name}-${at}`));
}

export function digestOfKey({ key }: PrivateKey): string {
  return createHash('sha256').update(fromHex(key)).digest('hex');
}

/** Fails unless the tally took an entry. */
export function taken({ status, body }: Answer): void {
  assert.equal(status, 201, JSON.stringify(body));
}

/** Fails unless the tally refused an entry by a code. */
export function refused({ status, body }: Answer, code: string): void {
  assert.equal(body['code'], code, `${status} ${JSON.stringify(body)}`);
  assert.ok(status >= 400 && status < 500, `${status}`);
}

/** One sentence of the tally about a builder on a release. */
export function reasonOf(view: ReleaseView, { key }: PrivateKey): string {
  return view.builders.find((each) => each.key === key)?.reason ?? 'not listed';
}

function saltOf({ key }: PrivateKey, release: string): string {
  return createHash('sha256').update(`salt ${key} ${release}`).digest('hex');
}
