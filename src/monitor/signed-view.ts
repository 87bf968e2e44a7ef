import {
  type Checkpoint,
  type Cosigner,
  meetsQuorum,
  NoteError,
  openCosignedCheckpoint,
  type TlogPolicy,
} from '../note/index.ts';
import { verifyEd25519, verifyMlDsa44 } from '../statement/index.ts';

/** A checkpoint that the log's key signed. */
export interface SignedView extends Checkpoint {
  readonly note: Uint8Array;
  readonly cosigners: readonly Cosigner[];
}

const VERIFY = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };

/** Opens a checkpoint; undefined when the log's key did not sign it, or a known witness's line is wrong. */
export function openView(note: Uint8Array, logKey: string, witnesses?: TlogPolicy): SignedView | undefined {
  const vkeys = witnesses?.witnesses.map(({ vkey }) => vkey) ?? [];
  try {
    const { checkpoint, cosigners } = openCosignedCheckpoint(note, logKey, vkeys, VERIFY);
    return { ...checkpoint, note, cosigners };
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}

/** Whether a policy's quorum cosigned a checkpoint. */
export function isWitnessed({ cosigners }: SignedView, witnesses: TlogPolicy): boolean {
  const has = new Set(cosigners.map(({ vkey }) => vkey));
  return meetsQuorum(witnesses.quorum, ({ vkey }) => has.has(vkey));
}
