import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { initTally, type RunningTally, type StartOptions, startTally } from '../../src/service/index.ts';
import {
  announceDigestOf,
  commitmentOf,
  generateKey,
  makeStatement,
  openEnvelope,
  type PrivateKey,
  sha256,
  signStatement,
} from '../../src/statement/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export const PACKAGE = 'pkg:npm/%40noble/hashes@2.0.1';
export const RECIPE = new TextEncoder().encode('# a recipe\n');

/** Keys of a small network: a publisher, and founders that build. */
export interface Cast {
  readonly publisher: PrivateKey;
  readonly founders: readonly PrivateKey[];
}

/** An HTTP answer, its body parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export function makeCast(founders = 3): Cast {
  return {
    publisher: generateKey('publisher'),
    founders: Array.from({ length: founders }, (_, at) => generateKey(`builder-${at}`)),
  };
}

export function policyToml(cast: Cast, windowSeconds = 1): string {
  return `
name = "test"
demo = true
founders = ${JSON.stringify(cast.founders.map(({ key }) => key))}
foundersQuorum = 1
panelSeats = 15
minimumVotes = ${Math.min(2, cast.founders.length)}
panelMargin = [2, 3]
foundersMargin = [2, 3]
heartbeatSeconds = 600
[windows]
commitFloorSeconds = ${windowSeconds}
voteFloorSeconds = ${windowSeconds}
[[publishers]]
prefix = "pkg:npm/%40noble/"
keys = ["${cast.publisher.key}"]
`;
}

/** A data folder with a fresh tally in it. */
export async function makeData(cast: Cast, windowSeconds = 1): Promise<string> {
  const dataFolder = join(temporaryFolder('service'), 'data');
  await initTally({
    dataFolder,
    policyToml: policyToml(cast, windowSeconds),
    founders: cast.founders.slice(0, 1),
    origin: 'test.invalid/log',
  });
  return dataFolder;
}

/** A tally of a fresh data folder on an ephemeral port, closed when the test ends. */
export async function runTally(
  t: { after(hook: () => Promise<void>): void },
  cast: Cast,
  options: Partial<StartOptions> & { windowSeconds?: number } = {},
): Promise<RunningTally> {
  const { windowSeconds, ...rest } = options;
  const dataFolder = await makeData(cast, windowSeconds);
  const tally = await startTally({ dataFolder, ...rest });
  t.after(() => tally.close());
  return tally;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: response.status, headers: response.headers, body };
}

export function post(tally: { url: string }, envelope: Uint8Array, query = ''): Promise<Answer> {
  return ask(`${tally.url}/api/v1/entries${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(envelope),
  });
}

export function builderEntry(
  key: PrivateKey,
  origin: string,
  operator: string = key.name,
  timeMs: number = Date.now(),
): Uint8Array {
  return signStatement(
    makeStatement(
      'builder',
      { name: operator, sha256: key.key },
      {
        origin,
        timeMs,
        vkey: key.vkey,
        nextKey: createHash('sha256').update(key.key).digest('hex'),
        operator,
        platforms: ['linux/amd64'],
        prefixes: [],
        announceDigest: announceDigestOf(key.announceToken(origin)),
      },
    ),
    [key],
  );
}

export function releaseEntry(
  key: PrivateKey,
  origin: string,
  options: {
    windowSeconds?: number;
    voteSeconds?: number;
    package?: string;
    timeMs?: number;
    recipe?: Uint8Array;
  } = {},
): Uint8Array {
  const {
    windowSeconds = 1,
    voteSeconds = windowSeconds,
    package: name = PACKAGE,
    timeMs = Date.now(),
    recipe: recipeBytes = RECIPE,
  } = options;
  const recipe = createHash('sha256').update(recipeBytes).digest('hex');
  return signStatement(
    makeStatement(
      'release',
      { name, sha256: recipe },
      {
        origin,
        timeMs,
        package: name,
        sources: [],
        recipe: { sha256: recipe, sizeBytes: recipeBytes.length },
        platform: 'any',
        profile: 'hybrid',
        commitSeconds: windowSeconds,
        voteSeconds,
      },
    ),
    [key],
  );
}

/** A builder's commitment and the vote that opens it. */
export function ballot(
  key: PrivateKey,
  origin: string,
  release: string,
  infoHashV2: string,
): { commit: () => Uint8Array; vote: () => Uint8Array } {
  const salt = randomBytes(32).toString('hex');
  const subject = { name: PACKAGE, sha256: release };
  const commitment = commitmentOf({ origin, release, key: key.key, salt, infoHashV2 }, sha256);
  const output = { name: 'noble-hashes-2.0.1.tgz', sizeBytes: 1000 };
  const bound = (): { origin: string; timeMs: number; release: string } => ({
    origin,
    timeMs: Date.now(),
    release,
  });
  return {
    commit: () => signStatement(makeStatement('commit', subject, { ...bound(), commitment }), [key]),
    vote: () =>
      signStatement(makeStatement('vote', subject, { ...bound(), salt, infoHashV2, output }), [key]),
  };
}

/** Digest of a release, from its envelope. */
export function digestOf(envelope: Uint8Array): string {
  return openEnvelope(envelope).payloadDigest;
}

/** Asks until an answer is the one waited for; fails with the last one after `limitMs`. */
export async function until<Value>(
  look: () => Promise<Value>,
  done: (value: Value) => boolean,
  limitMs = 10_000,
): Promise<Value> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (done(value)) return value;
    if (Date.now() > endMs) throw new Error(`waited ${limitMs} ms in vain; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
