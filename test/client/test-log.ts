import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.ts';
import {
  encodeLeaf,
  formatEntryBundle,
  formatProofBundle,
  nodeHasher,
  type ProofBundle,
  type ProvedEntry,
  type ProvedState,
} from '../../src/log/index.ts';
import {
  GrowingTree,
  parseTilePath,
  proveInclusion,
  TILE_WIDTH,
  tileNodeReader,
} from '../../src/merkle/index.ts';
import { formatCheckpoint, formatStateNote, signNote } from '../../src/note/index.ts';
import { composeProof } from '../../src/service/proofs/compose.ts';
import { vouchersBy } from '../../src/service/proofs/vouching.ts';
import {
  announceDigestOf,
  commitmentOf,
  generateKey,
  makeStatement,
  type Output,
  openEnvelope,
  type PolicyRules,
  type Predicate,
  type PrivateKey,
  policyRules,
  type Signer,
  type Statement,
  sha256,
  signStatement,
  verifyEd25519,
  verifyEnvelope,
} from '../../src/statement/index.ts';
import { admits, countEntry, emptyTally, entriesDue, witnessedOf } from '../../src/tally/index.ts';

export const PACKAGE = 'pkg:npm/small@1.0.0';

const SALT = 'cd'.repeat(32);
const OUTPUT: Output = { name: 'small.tgz', sizeBytes: 5 };

/** What a test may change in an answer: a hostile tally. Undefined lets it pass. */
export type Meddle = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * A whole tally in memory with a clock of its own: a signed log, its count, and the part of the HTTP interface that
 * clients and builders need. Everything is honest until a test meddles.
 */
export class TestLog {
  readonly logKey: PrivateKey;
  readonly founders = [1, 2, 3].map((number) => generateKey(`founder${number}`));
  readonly publisher = generateKey('publisher');
  readonly tally;
  readonly blobs = new Map<string, Uint8Array>();
  readonly entries: Uint8Array[] = [];
  readonly requests: string[] = [];
  /** What monitors signed, by the index of the state. */
  readonly stateNotes = new Map<number, Uint8Array>();
  /** By which of them monitors vouched for policies, by the policy's index. */
  readonly vouchers = new Map<number, ProvedState>();
  readonly #readers = new Set<ServerResponse>();
  meddle: Meddle = () => false;
  url = '';
  /** How far the log's clock is ahead of the machine's. */
  aheadMs = 0;

  constructor(origin = 'log.test/1', rules: Partial<PolicyRules> = {}) {
    this.logKey = generateKey(origin);
    this.tally = emptyTally({ origin, logKey: this.logKey.key, sha256 });
    const policy = policyRules.parse({
      name: 'test',
      demo: true,
      founders: this.founders.map(({ key }) => key),
      foundersQuorum: 2,
      publishers: [{ prefix: 'pkg:npm/', keys: [this.publisher.key] }],
      panelSeats: 5,
      minimumVotes: 3,
      panelMargin: [2, 3],
      foundersMargin: [2, 3],
      windows: { commitFloorSeconds: 1, voteFloorSeconds: 1, endEarly: false },
      heartbeatSeconds: 600,
      ...rules,
    });
    const predicate = { ...this.bound(), rules: policy, effectiveMs: this.nowMs() };
    this.append(
      makeStatement('policy', { name: 'policy', sha256: '00'.repeat(32) }, predicate),
      this.founders,
    );
  }

  get vkey(): string {
    return this.logKey.vkey;
  }

  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  bound() {
    return { origin: this.logKey.name, timeMs: this.nowMs() };
  }

  /** Appends a statement whatever it says. */
  append(statement: Statement, signers: readonly Signer[]): number {
    return this.appendEnvelope(signStatement(statement, signers));
  }

  appendEnvelope(envelope: Uint8Array): number {
    const opened = openEnvelope(envelope);
    const timeMs = Math.max(this.nowMs(), this.tally.timeMs);
    const index = this.entries.length;
    this.entries.push(encodeLeaf({ timeMs, envelope }));
    const { statement, payloadDigest } = opened;
    for (const reader of this.#readers) reader.write(`event: entry\ndata: {"index":${index}}\n\n`);
    const signers = verifyEnvelope(opened);
    const witnessed = witnessedOf(this.tally, statement, verifyEd25519);
    countEntry(this.tally, { index, timeMs, statement, payloadDigest, signers, ...witnessed });
    return index;
  }

  /** Appends what the log owes at its present time. */
  settle(): void {
    for (;;) {
      const due = entriesDue(this.tally, this.nowMs());
      if (due.length === 0) return;
      for (const statement of due) this.append(statement, [this.logKey]);
    }
  }

  register(key: PrivateKey, operator: string, next?: PrivateKey): void {
    this.append(
      makeStatement(
        'builder',
        { name: operator, sha256: key.key },
        {
          ...this.bound(),
          vkey: key.vkey,
          nextKey: next === undefined ? 'ab'.repeat(32) : toHex(sha256(fromHex(next.key))),
          operator,
          platforms: ['any', 'linux/amd64'],
          prefixes: [],
          announceDigest: announceDigestOf(key.announceToken(this.logKey.name)),
        },
      ),
      [key],
    );
  }

  /** The builder for which a key signs. */
  identityOf({ key }: PrivateKey): string {
    return this.tally.rotatedKeys.get(key) ?? key;
  }

  /** Gives a builder the key that it committed to. */
  rotate(builder: PrivateKey, next: PrivateKey): void {
    const predicate = {
      ...this.bound(),
      builder: builder.key,
      vkey: next.vkey,
      nextKey: 'cd'.repeat(32),
      announceDigest: announceDigestOf(next.announceToken(this.logKey.name)),
    };
    this.append(makeStatement('rotate', { name: 'rotate', sha256: builder.key }, predicate), [next]);
  }

  /** Announces and opens a release; its digest. */
  release(
    recipe: Uint8Array,
    changes: Partial<Predicate<'release'>> = {},
    signers: readonly Signer[] = [this.publisher],
  ): string {
    const digest = createHash('sha256').update(recipe).digest('hex');
    this.blobs.set(digest, recipe);
    const predicate: Predicate<'release'> = {
      ...this.bound(),
      package: PACKAGE,
      sources: [],
      recipe: { sha256: digest, sizeBytes: recipe.length },
      platform: 'any',
      profile: 'hybrid',
      commitSeconds: 60,
      voteSeconds: 60,
      urgent: false,
      canaryVariants: 0,
      ...changes,
    };
    const statement = makeStatement('release', { name: predicate.package, sha256: digest }, predicate);
    const envelope = signStatement(statement, signers);
    this.appendEnvelope(envelope);
    this.settle();
    return openEnvelope(envelope).payloadDigest;
  }

  /** Lets builders commit to, vote for and be audited on infohashes, up to the verdict. */
  decide(release: string, votes: readonly { key: PrivateKey; infoHashV2: string }[], output = OUTPUT): void {
    for (const { key, infoHashV2 } of votes) this.commit(release, key, infoHashV2);
    this.pass(61);
    for (const { key, infoHashV2 } of votes) {
      this.vote(release, key, infoHashV2, output);
      this.audit(release, infoHashV2, [this.identityOf(key)]);
    }
    this.pass(61);
  }

  /** Lets time pass, and the log say what it owes then. */
  pass(seconds: number): void {
    this.aheadMs += seconds * 1000;
    this.settle();
  }

  commit(release: string, key: PrivateKey, infoHashV2: string): void {
    const parts = { origin: this.logKey.name, release, key: this.identityOf(key), salt: SALT, infoHashV2 };
    const predicate = { ...this.bound(), release, commitment: commitmentOf(parts, sha256) };
    this.append(makeStatement('commit', this.#subjectOf(release), predicate), [key]);
  }

  vote(release: string, key: PrivateKey, infoHashV2: string, output = OUTPUT): void {
    const predicate = { ...this.bound(), release, salt: SALT, infoHashV2, output };
    this.append(makeStatement('vote', this.#subjectOf(release), predicate), [key]);
  }

  #subjectOf(release: string) {
    return { name: this.tally.releases.get(release)?.predicate.package ?? '', sha256: release };
  }

  audit(release: string, infoHashV2: string, passed: string[]): void {
    const bound = this.bound();
    const epoch = Math.floor(bound.timeMs / 86_400_000);
    const predicate = { ...bound, release, infoHashV2, epoch, passed };
    this.append(makeStatement('audit', this.#subjectOf(release), predicate), [this.logKey]);
  }

  /** The signed note of the newest checkpoint, or of an earlier size. */
  checkpoint(size = this.entries.length, signer: PrivateKey = this.logKey): Uint8Array {
    const tree = new GrowingTree(nodeHasher);
    for (const entry of this.entries.slice(0, size)) tree.append(nodeHasher.leaf(entry));
    const text = formatCheckpoint({ origin: this.logKey.name, size, root: tree.root(), extensions: [] });
    return signNote(text, [signer]);
  }

  bundle(path: string): Uint8Array {
    const { index, width } = parseTilePath(path);
    return formatEntryBundle(this.entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width));
  }

  /** Serves it on loopback until the test ends. */
  async serve(context: TestContext): Promise<string> {
    const server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      if (!this.meddle(request, response)) void this.#answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return this.url;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').slice(1);
    if (request.method === 'POST') {
      this.#submit(await bodyOf(request), response);
      return;
    }
    if (request.method === 'PUT') {
      const bytes = await bodyOf(request);
      this.blobs.set(createHash('sha256').update(bytes).digest('hex'), bytes);
      response.writeHead(201).end('{}');
    } else if (path === 'api/v1/events') this.#follow(response);
    else if (path.startsWith('announce')) response.end('d8:intervali60e5:peers0:e');
    else if (path === 'checkpoint') response.end(this.checkpoint());
    else if (/^api\/v1\/(proof\?|releases\/\w+\/proof$)/.test(path)) await this.#prove(path, response);
    else if (path.startsWith('tile/entries/')) response.end(this.bundle(path));
    else if (path.startsWith('tile/')) response.end(this.tile(parseTilePath(path)));
    else if (this.blobs.has(path.slice('blob/'.length))) response.end(this.blobs.get(path.slice(5)));
    else sendProblem(response, 404, 'not-found', 'Nothing is here.');
  }

  /** The digest of the release that a package URL stands for. */
  liveRelease(packageUrl: string): string {
    return this.tally.names.get(packageUrl)?.live ?? '';
  }

  /** The proof of a release under the newest checkpoint, as an honest tally composes it. */
  async proof(digest: string, note?: Uint8Array): Promise<ProofBundle | undefined> {
    return composeProof(
      {
        tally: this.tally,
        checkpoint: { size: this.entries.length, note: note ?? this.checkpoint() },
        leaf: (index) => Promise.resolve(this.entries[index] ?? new Uint8Array()),
        tile: (level, index, width) => Promise.resolve(this.tile({ level, index, width })),
        stateNote: (index) => this.stateNotes.get(index),
        voucher: (policy) => this.vouchers.get(policy),
      },
      digest,
    );
  }

  /** Some entries under the newest checkpoint. */
  async proofOf(indices: Iterable<number>): Promise<Pick<ProofBundle, 'checkpoint' | 'entries'>> {
    const size = this.entries.length;
    const readNodes = tileNodeReader(size, (tile) => Promise.resolve(this.tile(tile)), nodeHasher);
    const entries: ProvedEntry[] = [];
    for (const index of indices) {
      const hashes = await proveInclusion(index, size, readNodes, nodeHasher);
      entries.push({ index, leaf: this.entries[index] ?? new Uint8Array(), hashes });
    }
    return { checkpoint: this.checkpoint(), entries };
  }

  /** Lets monitors sign the newest state. */
  monitor(...keys: readonly PrivateKey[]): void {
    const { index, root } = this.tally.light.last ?? { index: 0, root: '00'.repeat(32) };
    const text = formatStateNote({ origin: this.logKey.name, index, root: fromHex(root) });
    const note = signNote(text, keys);
    this.stateNotes.set(index, note);
    for (const { policy, voucher } of vouchersBy(this.tally, index, note)) {
      if (!this.vouchers.has(policy)) this.vouchers.set(policy, voucher);
    }
  }

  async #prove(path: string, response: ServerResponse): Promise<void> {
    const name = new URLSearchParams(path.split('?')[1] ?? '').get('package');
    const digest = name === null ? (path.split('/')[3] ?? '') : this.liveRelease(name);
    const bundle = await this.proof(digest);
    if (bundle === undefined) sendProblem(response, 404, 'not-found', 'There is no such release.');
    else response.end(formatProofBundle(bundle));
  }

  tile({ level, index, width }: { level: number | 'entries'; index: number; width: number }): Uint8Array {
    const span = TILE_WIDTH ** Number(level);
    const hashes = Array.from({ length: width }, (_, at) => {
      const tree = new GrowingTree(nodeHasher);
      const from = (index * TILE_WIDTH + at) * span;
      for (const entry of this.entries.slice(from, from + span)) tree.append(nodeHasher.leaf(entry));
      return tree.root();
    });
    return concatBytes(...hashes);
  }

  #follow(response: ServerResponse): void {
    response.setHeader('content-type', 'text/event-stream');
    response.flushHeaders();
    this.#readers.add(response);
    response.once('close', () => this.#readers.delete(response));
  }

  #submit(envelope: Uint8Array, response: ServerResponse): void {
    const opened = openEnvelope(envelope);
    const verdict = admits(this.tally, opened.statement, verifyEnvelope(opened), this.nowMs());
    if (!verdict.ok) {
      sendProblem(response, 409, verdict.code, verdict.reason);
      return;
    }
    const index = this.appendEnvelope(envelope);
    response.statusCode = 201;
    response.end(JSON.stringify({ index, timeMs: this.tally.timeMs, leafHash: '00'.repeat(32) }));
  }
}

export function sendProblem(response: ServerResponse, status: number, code: string, detail: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json');
  response.end(JSON.stringify({ type: 'about:blank', title: 'x', status, code, detail }));
}

/** A made-up infohash: 32 bytes of one value, hex. */
export function someInfoHash(value: number): string {
  return Buffer.alloc(32, value).toString('hex');
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return concatBytes(...chunks);
}

/** A copy of an entry with one byte of its envelope's signature changed, its form kept. */
export function forge(entry: Uint8Array): Uint8Array {
  const text = Buffer.from(entry.subarray(8)).toString('utf8');
  const changed = text.replace(/"sig":"(.)/, (_, first: string) => `"sig":"${first === 'A' ? 'B' : 'A'}`);
  return concatBytes(entry.subarray(0, 8), Buffer.from(changed));
}
