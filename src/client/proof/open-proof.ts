import { CodedError, printable } from '../../bytes/index.ts';
import { decodeLeaf, LogError, nodeHasher, type ProofBundle, parseProofBundle } from '../../log/index.ts';
import { LogTreeError, verifyInclusion } from '../../merkle/index.ts';
import {
  type Checkpoint,
  type CosignedCheckpoint,
  meetsQuorum,
  NoteError,
  openCosignedCheckpoint,
  type TlogPolicy,
} from '../../note/index.ts';
import { openEnvelope, verifyEd25519, verifyEnvelope, verifyMlDsa44 } from '../../statement/index.ts';
import type { Entry } from '../../tally/index.ts';
import { ClientError } from '../errors.ts';

/** Whom a client believes about a log: its key, and which witnesses must have seen what it is shown. */
export interface LogTrust {
  /** The log's verifier key, pinned by the user. */
  readonly logKey: string;
  /** A trust policy (C2SP tlog-policy); its witnesses' quorum must have cosigned. */
  readonly witnesses?: TlogPolicy | undefined;
}

/** A proof whose entries stand in the tree that the log signed. */
export interface OpenedProof {
  readonly bundle: ProofBundle;
  readonly checkpoint: Checkpoint;
  readonly cosigners: CosignedCheckpoint['cosigners'];
  /** Read, their signatures verified, in the log's order. */
  readonly entries: readonly Entry[];
}

/**
 * Reads a proof and checks what cryptography alone can: the checkpoint's signature and cosignatures, that each entry is
 * in its tree, the entries' signatures. Throws `mismatch`, and `no-quorum` when too few witnesses cosigned.
 */
export function openProof(bytes: Uint8Array, trust: LogTrust): OpenedProof {
  const bundle = asMismatch(() => parseProofBundle(bytes));
  const { checkpoint, cosigners } = openWitnessed(bundle.checkpoint, trust);
  let lastMs = 0;
  const entries = bundle.entries.map(({ index, leaf, hashes }) =>
    asMismatch(() => {
      const leafHash = nodeHasher.leaf(leaf);
      verifyInclusion(
        { index, leafHash, size: checkpoint.size, root: checkpoint.root, proof: hashes },
        nodeHasher,
      );
      const { timeMs, envelope } = decodeLeaf(leaf);
      if (timeMs < lastMs) throw new LogError('time-decreases', `entry ${index} is older than one before it`);
      lastMs = timeMs;
      const opened = openEnvelope(envelope);
      const { statement, payloadDigest } = opened;
      return { index, timeMs, statement, payloadDigest, signers: verifyEnvelope(opened) };
    }),
  );
  return { bundle, checkpoint, cosigners, entries };
}

/** Opens a checkpoint that the log and, where a trust policy asks for it, its witnesses signed. */
export function openWitnessed(note: Uint8Array, { logKey, witnesses }: LogTrust): CosignedCheckpoint {
  const vkeys = witnesses?.witnesses.map(({ vkey }) => vkey) ?? [];
  const verify = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };
  const opened = openSigned(() => openCosignedCheckpoint(note, logKey, vkeys, verify), logKey);
  const has = new Set(opened.cosigners.map(({ vkey }) => vkey));
  if (witnesses === undefined || meetsQuorum(witnesses.quorum, ({ vkey }) => has.has(vkey))) return opened;
  throw new ClientError(
    'no-quorum',
    `${has.size} of the ${vkeys.length} witnesses that you trust have seen this checkpoint of ` +
      `${opened.checkpoint.size} entries, and their quorum is not met: ask again later, or ask another tally`,
  );
}

function openSigned<Value>(open: () => Value, logKey: string): Value {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new ClientError('mismatch', `the log's checkpoint is not signed by ${logKey}: ${error.message}`, {
      cause: error,
    });
  }
}

function asMismatch<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'internal') throw error;
    const isForm = error instanceof LogError || error instanceof LogTreeError || error instanceof NoteError;
    const what = isForm
      ? 'the proof does not hold'
      : 'an entry in the proof is of no form that this version knows';
    throw new ClientError('mismatch', `${what}: ${printable(error.message)}`, { cause: error });
  }
}
