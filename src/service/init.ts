import { createHash, randomBytes } from 'node:crypto';
import { openHeadFile, openLog } from '../log/index.ts';
import {
  generateKey,
  makeStatement,
  openEnvelope,
  type PrivateKey,
  type Signer,
  sha256,
  signStatement,
  writeKeyFile,
} from '../statement/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { admits, emptyTally, parsePolicyToml } from '../tally/index.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { dataPaths } from './data-folder.ts';
import { ServiceError } from './errors.ts';
import { makeWholeFolder } from './new-folder.ts';

export interface InitOptions {
  /** A folder that does not exist yet, or is empty. */
  readonly dataFolder: string;
  /** The policy file's text (TOML). */
  readonly policyToml: string;
  /** At least as many founders as the policy's quorum. */
  readonly founders: readonly Signer[];
  /** Unique name of the log; drawn at random from the policy's name when it is not given. */
  readonly origin?: string;
  readonly clock?: Clock;
}

/** A tally that was made. */
export interface InitedTally {
  readonly origin: string;
  /** The log's verifier key. */
  readonly vkey: string;
  /** SHA-256 of the policy file, hex. */
  readonly policyDigest: string;
}

/**
 * Makes a tally's data folder (0700) with a new log key (0600) and the policy as entry 0, signed by its founders.
 * The folder is there as a whole or not at all, so that a half-made one is never run.
 *
 * Throws `data-exists`, `bad-policy`, and why the count does not take the policy.
 */
export function initTally(options: InitOptions): Promise<InitedTally> {
  return makeWholeFolder(options.dataFolder, (staging) => fill(staging, options));
}

async function fill(folder: string, options: InitOptions): Promise<InitedTally> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const rules = parsePolicyToml(options.policyToml);
  const key = generateKey(options.origin ?? originFor(rules.name));
  const policyBytes = new TextEncoder().encode(options.policyToml);
  const policyDigest = createHash('sha256').update(policyBytes).digest('hex');
  const timeMs = clock.nowMs();
  const statement = makeStatement(
    'policy',
    { name: 'policy', sha256: policyDigest },
    { origin: key.name, timeMs, rules, effectiveMs: timeMs },
  );
  const envelope = signStatement(statement, options.founders);
  const tally = emptyTally({ origin: key.name, logKey: key.key, sha256 });
  const signers = options.founders.map((founder) => founder.key);
  const admission = admits(tally, statement, signers, timeMs);
  if (!admission.ok) throw new ServiceError(admission.code, admission.reason);
  const paths = dataPaths(folder);
  await writeKeyFile(paths.key, key);
  await logFirst({ key, clock, envelope, policyBytes, policyDigest, signers, paths });
  return { origin: key.name, vkey: key.vkey, policyDigest };
}

interface FirstEntry {
  readonly key: PrivateKey;
  readonly clock: Clock;
  readonly envelope: Uint8Array;
  readonly policyBytes: Uint8Array;
  readonly policyDigest: string;
  readonly signers: readonly string[];
  readonly paths: ReturnType<typeof dataPaths>;
}

async function logFirst(first: FirstEntry): Promise<void> {
  const { key, clock, envelope, paths } = first;
  const store = await openSqliteStore({ path: paths.database });
  try {
    const log = await openLog({
      store,
      signer: key,
      head: openHeadFile(paths.head),
      clock: () => clock.nowMs(),
    });
    const signerKey = first.signers.toSorted()[0] ?? '';
    const { payloadDigest } = openEnvelope(envelope);
    await log.append(envelope, { signerKey, payloadDigest });
    await store.putBlob(first.policyDigest, first.policyBytes);
    await log.close();
  } finally {
    await store.close();
  }
}

/** A name that no other log has: `demo-3f9a0c12d4e5`. */
function originFor(policyName: string): string {
  const plain = policyName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${plain || 'tally'}-${randomBytes(6).toString('hex')}`;
}
