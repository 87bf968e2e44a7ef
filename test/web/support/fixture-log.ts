import { createHash } from 'node:crypto';
import { encodeLeaf, formatEntryBundle, nodeHasher } from '../../../src/log/index.ts';
import { GrowingTree, parseTilePath, TILE_WIDTH } from '../../../src/merkle/index.ts';
import { formatCheckpoint, signNote } from '../../../src/note/index.ts';
import {
  announceDigestOf,
  commitmentOf,
  generateKey,
  makeStatement,
  openEnvelope,
  type PrivateKey,
  type Signer,
  type Statement,
  sha256,
  signStatement,
  verifyEnvelope,
} from '../../../src/statement/index.ts';
import { countEntry, emptyTally, entriesDue, type Tally } from '../../../src/tally/index.ts';

/** A digest with some meaning to the reader of a test: SHA-256 of a word. */
export function digestOf(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

const OPERATORS = ['Ada Lindqvist', 'buildfarm.example', 'Rechenzentrum Süd', 'Mirror House', 'Noé Ferreira'];
const SALT = digestOf('salt');
const INTEGRITY =
  'sha512-XlOlEbQcE9fmuXxrVTXCTlG2nlRXa9Rj3rr5Ue/+tX+nmkgbX720YHh0VR3hBF9xDvwnb8D2shVGOwNx+ulArw==';

/** A real, signed log of five builders in memory, whose clock stands where the test puts it. */
export class FixtureLog {
  readonly logKey = generateKey('tally.localhost/demo');
  readonly builders = OPERATORS.map((_, index) => generateKey(`builder${index}`));
  readonly publisher = generateKey('publisher');
  readonly tally: Tally;
  readonly entries: Uint8Array[] = [];
  clockMs: number;

  constructor(clockMs: number) {
    this.clockMs = clockMs;
    const origin = this.logKey.name;
    this.tally = emptyTally({ origin, logKey: this.logKey.key, sha256 });
    const rules = {
      name: 'demo',
      demo: true,
      founders: this.builders.map(({ key }) => key),
      foundersQuorum: 3,
      publishers: [{ prefix: 'pkg:npm/', keys: [this.publisher.key] }],
      panelSeats: 5,
      minimumVotes: 3,
      panelMargin: [2, 3] as [number, number],
      foundersMargin: [2, 3] as [number, number],
      windows: { commitFloorSeconds: 1, voteFloorSeconds: 1, endEarly: false },
      heartbeatSeconds: 86_400,
    };
    const predicate = { ...this.#bound(), rules, effectiveMs: clockMs };
    this.append(
      makeStatement('policy', { name: 'policy', sha256: digestOf('policy') }, predicate),
      this.builders,
    );
    for (const [index, key] of this.builders.entries()) this.#register(key, OPERATORS[index] ?? '');
  }

  /** Appends a statement whatever it says, and counts it. */
  append(statement: Statement, signers: readonly Signer[]): number {
    const envelope = signStatement(statement, signers);
    const opened = openEnvelope(envelope);
    const index = this.entries.length;
    this.entries.push(encodeLeaf({ timeMs: this.clockMs, envelope }));
    const { payloadDigest } = opened;
    countEntry(this.tally, {
      index,
      timeMs: this.clockMs,
      statement: opened.statement,
      payloadDigest,
      signers: verifyEnvelope(opened),
    });
    return index;
  }

  /** Moves the clock and appends what the log then owes. */
  advanceTo(clockMs: number): void {
    this.clockMs = clockMs;
    for (;;) {
      const due = entriesDue(this.tally, clockMs);
      if (due.length === 0) return;
      for (const statement of due) this.append(statement, [this.logKey]);
    }
  }

  /** Announces a release, opened at the next {@link advanceTo}; its digest. */
  announce(purl: string, commitSeconds: number, voteSeconds: number): string {
    const recipe = { sha256: digestOf(`recipe of ${purl}`), sizeBytes: 1322 };
    const [name = ''] = purl.split('/').slice(-1);
    const statement = makeStatement(
      'release',
      { name: purl, sha256: recipe.sha256 },
      {
        ...this.#bound(),
        package: purl,
        sources: [
          { name: 'source.tgz', uri: `https://registry.example/${name}/source.tgz`, integrity: INTEGRITY },
        ],
        recipe,
        platform: 'any',
        profile: 'hybrid',
        commitSeconds,
        voteSeconds,
      },
    );
    this.append(statement, [this.publisher]);
    return Array.from(this.tally.releases.keys()).at(-1) ?? '';
  }

  commit(release: string, builder: number, infoHashV2: string): void {
    const key = this.#builder(builder);
    const parts = { origin: this.logKey.name, release, key: key.key, salt: SALT, infoHashV2 };
    const predicate = { ...this.#bound(), release, commitment: commitmentOf(parts, sha256) };
    this.append(makeStatement('commit', this.#subject(release), predicate), [key]);
  }

  vote(release: string, builder: number, infoHashV2: string): void {
    const output = {
      name: 'noble-hashes-2.0.1.tgz',
      sizeBytes: 241_318,
      sha256: digestOf(`file ${infoHashV2}`),
    };
    const predicate = { ...this.#bound(), release, salt: SALT, infoHashV2, output };
    this.append(makeStatement('vote', this.#subject(release), predicate), [this.#builder(builder)]);
  }

  fail(release: string, builder: number, reason: string): void {
    const statement = makeStatement('failure', this.#subject(release), { ...this.#bound(), release, reason });
    this.append(statement, [this.#builder(builder)]);
  }

  audit(release: string, infoHashV2: string, builders: readonly number[]): void {
    const passed = builders.map((builder) => this.#builder(builder).key).sort();
    const epoch = Math.floor(this.clockMs / 86_400_000);
    const predicate = { ...this.#bound(), release, infoHashV2, epoch, passed };
    this.append(makeStatement('audit', this.#subject(release), predicate), [this.logKey]);
  }

  /** The signed checkpoint over all entries so far. */
  checkpoint(): Uint8Array {
    const tree = new GrowingTree(nodeHasher);
    for (const entry of this.entries) tree.append(nodeHasher.leaf(entry));
    const head = { origin: this.logKey.name, size: this.entries.length, root: tree.root(), extensions: [] };
    return signNote(formatCheckpoint(head), [this.logKey]);
  }

  /** The entry bundle with this path. */
  bundle(path: string): Uint8Array {
    const { index, width } = parseTilePath(path);
    return formatEntryBundle(this.entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width));
  }

  #register(key: PrivateKey, operator: string): void {
    const predicate = {
      ...this.#bound(),
      vkey: key.vkey,
      nextKey: digestOf(`next key of ${operator}`),
      operator,
      platforms: ['any'],
      prefixes: [],
      announceDigest: announceDigestOf(key.announceToken(this.logKey.name)),
    };
    this.append(makeStatement('builder', { name: operator, sha256: key.key }, predicate), [key]);
  }

  #bound(): { origin: string; timeMs: number } {
    return { origin: this.logKey.name, timeMs: this.clockMs };
  }

  #subject(release: string): { name: string; sha256: string } {
    return { name: this.tally.releases.get(release)?.predicate.package ?? '', sha256: release };
  }

  #builder(index: number): PrivateKey {
    const key = this.builders[index];
    if (!key) throw new Error(`there is no builder ${index}`);
    return key;
  }
}
