import { equalBytes, toHex } from '../bytes/index.ts';
import { type HeadToCosign, LogError, nodeHasher } from '../log/index.ts';
import { LogTreeError, verifyConsistency } from '../merkle/index.ts';
import { type Checkpoint, NoteError, openNote, parseCheckpoint } from '../note/index.ts';
import type { WitnessClient } from './ask.ts';
import { WitnessError } from './errors.ts';
import { logVerifier } from './known-logs.ts';

/** The RFC 6962 consistency proof from the tree of `oldSize` entries (1 or more) to the head. */
export type Prove = (oldSize: number) => Promise<readonly Uint8Array[]>;

/** A checkpoint that a witness shows, signed by the log's own key. */
export interface ShownHead {
  readonly note: Uint8Array;
  readonly checkpoint: Checkpoint;
  /** The witness that shows it. */
  readonly url: string;
}

/** What a witness shows of a log, if the log's key signed it; undefined when it shows nothing. Throws `bad-answer`. */
export async function shownBy(
  client: WitnessClient,
  logVkey: string,
  signal: AbortSignal,
): Promise<ShownHead | undefined> {
  const verifier = logVerifier(logVkey);
  const { url } = client;
  const note = await client.newest(verifier.name, signal);
  if (note === undefined) return undefined;
  try {
    const checkpoint = parseCheckpoint(openNote(note, [verifier]).text);
    if (checkpoint.origin === verifier.name) return { note, checkpoint, url };
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause;
    throw new WitnessError('bad-answer', `${url} shows no checkpoint of this log: ${cause.message}`, {
      cause,
    });
  }
  throw new WitnessError('bad-answer', `${url} shows a checkpoint of another log`);
}

/**
 * Holds a head against what a witness shows that this log signed: only that is evidence, not what a witness says. Throws
 * {@link LogError} `older-tree` and `forked-tree`.
 */
export async function refuseFork(
  shown: ShownHead | undefined,
  head: HeadToCosign,
  prove: Prove,
): Promise<void> {
  if (shown === undefined) return;
  const { size, root } = shown.checkpoint;
  if (size > head.size) {
    throw new LogError(
      'older-tree',
      `the stored log has ${head.size} entries, but ${size} were signed (shown by the witness at ${shown.url}): the store is ` +
        'an old copy. Put back a newer one; to go on from this one would fork the log',
    );
  }
  if (await isHeld(shown.checkpoint, head, prove)) return;
  throw new LogError(
    'forked-tree',
    `the stored log does not contain the tree of ${size} entries (root ${toHex(root)}) that was signed (shown by the witness ` +
      `at ${shown.url}): to sign it would fork the log`,
  );
}

async function isHeld(shown: Checkpoint, head: HeadToCosign, prove: Prove): Promise<boolean> {
  if (shown.size === 0) return equalBytes(shown.root, nodeHasher.empty);
  if (shown.size === head.size) return equalBytes(shown.root, head.root);
  const proof = await prove(shown.size);
  try {
    verifyConsistency(
      { oldSize: shown.size, oldRoot: shown.root, newSize: head.size, newRoot: head.root, proof },
      nodeHasher,
    );
    return true;
  } catch (error) {
    if (error instanceof LogTreeError) return false;
    throw error;
  }
}
