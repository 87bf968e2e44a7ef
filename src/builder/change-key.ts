import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReadOptions, readLog, type TallyClient } from '../client/index.ts';
import {
  announceDigestOf,
  makeStatement,
  nextKeyDigest,
  type PrivateKey,
  readKeyFile,
  StatementError,
  type StatementOf,
  sha256,
  signStatement,
  writeKeyFile,
} from '../statement/index.ts';
import { lockDataFolder } from './data-lock.ts';
import { BuilderError } from './errors.ts';
import { isThere, keyAt, NEXT_KEY_FILE } from './key-at.ts';
import { builderWithKey } from './own-identity.ts';

export interface ChangeOptions extends ReadOptions {
  /** The builder's first key, where several have committed to the same next key. */
  readonly builder?: string;
}

export interface Rotated {
  /** The builder's first key, which names it for ever. */
  readonly builder: string;
  /** The key that it has now. */
  readonly key: string;
  readonly vkey: string;
  /** The rotation's index in the log; null when an earlier run had logged it. */
  readonly index: number | null;
}

/**
 * Gives a builder the key that it committed to beforehand (`next.key` of its data folder), which stands in the file
 * `out` afterwards, and commits to a newer one. The old key is not needed: it may be lost or stolen. Stopped at any
 * moment and run again, it goes on where it was. Throws `bad-state` when the builder runs, when `next.key` is not there
 * and when `out` holds another key; `refused` when the log knows no builder that committed to it.
 */
export async function rotateKey(
  client: TallyClient,
  dataFolder: string,
  out: string,
  options: ChangeOptions,
): Promise<Rotated> {
  const nextFile = join(dataFolder, NEXT_KEY_FILE);
  if (!(await isThere(nextFile))) {
    throw new BuilderError(
      'bad-state',
      `${nextFile} is not there: without it nobody can rotate this builder`,
    );
  }
  const unlock = await lockDataFolder(dataFolder);
  try {
    return await rotate(client, nextFile, out, options);
  } finally {
    await unlock();
  }
}

async function rotate(
  client: TallyClient,
  nextFile: string,
  out: string,
  options: ChangeOptions,
): Promise<Rotated> {
  const laterFile = `${nextFile}.later`;
  const next = await readKeyFile(nextFile);
  const tally = await readLog(client, options);
  const builder = builderWithKey(tally, next.key, options.builder);
  // Both keys are on the disk before the log says that they count.
  await keep(next, out);
  const later = await keyAt(laterFile, next.name);
  const isLogged = tally.builders.get(builder)?.life.currentKey === next.key;
  const statement = rotation(tally.context.origin, options.nowMs(), builder, next, later);
  const receipt = isLogged ? undefined : await client.submit(signStatement(statement, [next]), options);
  await rename(laterFile, nextFile);
  return { builder, key: next.key, vkey: next.vkey, index: receipt?.index ?? null };
}

function rotation(
  origin: string,
  timeMs: number,
  builder: string,
  next: PrivateKey,
  later: PrivateKey,
): StatementOf<'rotate'> {
  return makeStatement(
    'rotate',
    { name: 'rotate', sha256: builder },
    {
      origin,
      timeMs,
      builder,
      vkey: next.vkey,
      nextKey: nextKeyDigest(later.key, sha256),
      announceDigest: announceDigestOf(next.announceToken(origin)),
    },
  );
}

async function keep(key: PrivateKey, path: string): Promise<void> {
  if (!(await isThere(path))) {
    await writeKeyFile(path, key);
    return;
  }
  const there = await readKeyFile(path).catch((error: unknown) => {
    if (error instanceof StatementError && error.code === 'bad-key') return undefined;
    throw error;
  });
  if (there?.key === key.key) return;
  throw new BuilderError(
    'bad-state',
    `${path} holds something else than this key, and is never overwritten: give another file`,
  );
}

/**
 * Ends a builder for ever: from the revocation on it counts nowhere. Signed by its key, or by the next one that it
 * committed to (`next.key` of its data folder). Throws `refused` when the log knows no builder with that key.
 */
export async function revokeBuilder(
  client: TallyClient,
  signer: PrivateKey,
  reason: string,
  options: ChangeOptions,
): Promise<{ readonly builder: string; readonly index: number }> {
  const tally = await readLog(client, options);
  const builder = builderWithKey(tally, signer.key, options.builder);
  const statement = makeStatement(
    'revoke',
    { name: 'revoke', sha256: builder },
    { origin: tally.context.origin, timeMs: options.nowMs(), builder, reason },
  );
  const { index } = await client.submit(signStatement(statement, [signer]), options);
  return { builder, index };
}
