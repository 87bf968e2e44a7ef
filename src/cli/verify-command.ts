import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CodedError, printable } from '../bytes/index.ts';
import { PROOF_SUFFIX, type VerifiedFile, verifyFile } from '../client/index.ts';
import { makeFolders } from '../files/index.ts';
import { LogError, PROOF_BUNDLE_LIMITS, parseProofBundle, tlogProofOf } from '../log/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import type { Output } from './output.ts';
import { formatCount } from './size.ts';
import { requireLogKey } from './tally-options.ts';
import { formatDuration } from './transfer-progress.ts';
import { addTrustOptions, readWitnesses, type TrustArguments } from './trust-options.ts';
import { demoWords, trustJson, trustWords } from './trust-words.ts';

interface VerifyArguments extends TrustArguments {
  readonly proof?: string;
  readonly release?: string;
  readonly maxAge?: string;
  readonly extract?: string;
}

const DAY_MS = 86_400_000;

/** Adds `bitquorum verify FILE`. */
export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('verify a file or folder by the proof beside it, without a network')
    .argument('<path>', 'what was downloaded');
  addTrustOptions(command)
    .option('--proof <file>', `its proof; PATH${PROOF_SUFFIX} if not given`)
    .option('--release <release>', 'fail unless it is this one: package URL or release digest')
    .option('--max-age <days>', 'fail when the proof is older')
    .option('--extract <dir>', "write each entry and its C2SP tlog-proof there, for others' programs")
    .action(verifyAction);
}

async function verifyAction(path: string, args: VerifyArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const proofPath = args.proof ?? `${resolve(path)}${PROOF_SUFFIX}`;
  await access(path); // the file that is named first, before what stands beside it
  const proof = await readProof(proofPath);
  requireWhole(proofPath, proof);
  const [logKey, ...more] = args.logKey ?? [];
  if (more.length > 0) throw new UsageError('a proof is of one log: give one --log-key');
  const verified = await verifyFile(path, proof, {
    logKey: requireLogKey(logKey),
    witnesses: await readWitnesses(args.witnesses, signal),
    stateFolder: args.state,
    level: args.level,
    release: args.release,
    maxAgeMs: args.maxAge === undefined ? undefined : parseDays(args.maxAge) * DAY_MS,
    nowMs: Date.now,
    signal,
  });
  if (args.extract !== undefined) await extract(proof, args.extract);
  output.result(verifiedJson(path, verified), verifiedWords(path, verified, output));
}

function verifiedJson(path: string, { winner, ageMs, isOutdated }: VerifiedFile) {
  const { origin, size, timeMs, policy, release, group, agreed } = winner;
  return {
    path,
    infoHashV2: group.infoHashV2,
    package: release.package,
    release: release.digest,
    state: release.state,
    ...trustJson(winner),
    ageSeconds: Math.round(ageMs / 1000),
    isOutdated,
    agreed: agreed.map(({ key, operator }) => ({ key, operator })),
    log: { origin, size, timeMs, policy },
  };
}

function verifiedWords(path: string, { winner, ageMs, isOutdated }: VerifiedFile, output: Output): string {
  const { release, group, agreed, origin, size, policy } = winner;
  const outdated = 'note      you have seen a later state of this log: a fresh proof may say something else';
  return [
    `verified  ${path}`,
    `release   ${printable(release.package)}, ${release.state}`,
    `infohash  ${group.infoHashV2}`,
    `agreed    ${agreed.length}: ${agreed.map(({ operator }) => printable(operator)).join(', ')}`,
    `log       ${printable(origin)}, ${formatCount(size, 'entry', 'entries')}, as it was ${formatDuration(ageMs / 1000)} ago`,
    ...trustWords(winner, output),
    ...(isOutdated ? [output.colors.yellow(outdated)] : []),
    ...demoWords(policy, output),
  ].join('\n');
}

async function readProof(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    const todo = '`bitquorum get` leaves one beside what it downloads; name another by --proof';
    throw new CodedError('no-proof', `there is no proof at ${printable(path)}: ${todo}`, { cause: error });
  });
  if (!found.isFile()) throw new UsageError(`${path} is no file: name the proof by --proof`);
  const { size } = found;
  if (size <= PROOF_BUNDLE_LIMITS.bytes) return readFile(path);
  throw new UsageError(`${path} has ${size} bytes, and a proof has at most ${PROOF_BUNDLE_LIMITS.bytes}`);
}

/** Names the file when it is no proof at all, or half of one; what a whole one says is judged afterwards. */
function requireWhole(path: string, proof: Uint8Array): void {
  try {
    parseProofBundle(proof);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new CodedError(
      'mismatch',
      `${printable(path)}: ${error.message}; \`bitquorum get\` writes a new one`,
      {
        cause: error,
      },
    );
  }
}

async function extract(proof: Uint8Array, folder: string): Promise<void> {
  const bundle = parseProofBundle(proof);
  await makeFolders(folder);
  for (const entry of bundle.entries) {
    await writeFile(join(folder, `${entry.index}.leaf`), entry.leaf);
    await writeFile(join(folder, `${entry.index}.tlog-proof`), tlogProofOf(bundle, entry));
  }
}

function parseDays(text: string): number {
  const days = Number(text);
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text)) return days;
  throw new UsageError(`--max-age ${JSON.stringify(text)}: give days, such as 30`);
}
