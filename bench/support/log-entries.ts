import { createHash } from 'node:crypto';
import { announceDigestOf, generateKey, makeStatement, signStatement } from '../../src/statement/index.ts';

/** Builders that sign all entries between them. */
const BUILDERS = 64;

/** Registrations of some builders and their updates: entries that a count admits, each of them new to it. */
export function registrations(origin: string, count: number): Uint8Array[] {
  const builders = Array.from({ length: BUILDERS }, (_, at) => {
    const key = generateKey(`builder-${at}`);
    return {
      key,
      nextKey: createHash('sha256').update(key.key).digest('hex'),
      announceDigest: announceDigestOf(key.announceToken(origin)),
    };
  });
  const timeMs = Date.now() - count;
  return Array.from({ length: count }, (_, at) => {
    const { key, nextKey, announceDigest } = builders[at % BUILDERS] as (typeof builders)[0];
    const predicate = {
      origin,
      timeMs: timeMs + at,
      vkey: key.vkey,
      nextKey,
      operator: key.name,
      platforms: ['linux/amd64'],
      prefixes: [],
      announceDigest,
    };
    return signStatement(makeStatement('builder', { name: key.name, sha256: key.key }, predicate), [key]);
  });
}

/** Commitments of some builders: what most entries of a log are like. */
export function commitments(origin: string, count: number): Uint8Array[] {
  const builders = Array.from({ length: BUILDERS }, (_, at) => generateKey(`builder-${at}`));
  const release = 'ab'.repeat(32);
  return Array.from({ length: count }, (_, at) => {
    const commitment = at.toString(16).padStart(64, '0');
    const statement = makeStatement(
      'commit',
      { name: 'pkg:npm/%40noble/hashes@2.0.1', sha256: release },
      { origin, timeMs: Date.now(), release, commitment },
    );
    return signStatement(statement, [builders[at % BUILDERS] as (typeof builders)[0]]);
  });
}
