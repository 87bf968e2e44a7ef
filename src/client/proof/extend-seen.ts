import { type CodedError, equalBytes } from '../../bytes/index.ts';
import { nodeHasher } from '../../log/index.ts';
import { LogTreeError, proveConsistency, tileNodeReader, verifyConsistency } from '../../merkle/index.ts';
import type { Checkpoint } from '../../note/index.ts';
import { ClientError } from '../errors.ts';
import type { SeenCheckpoint } from '../seen-checkpoint.ts';
import type { TallyClient } from '../tally-client.ts';

/**
 * Holds a checkpoint against the one seen last, by a consistency proof made of the log's tiles, and keeps it if it is
 * larger. Throws `mismatch` for a log that was rolled back or forked.
 */
export async function extendSeen(
  client: TallyClient,
  store: SeenCheckpoint,
  { checkpoint, note }: { readonly checkpoint: Checkpoint; readonly note: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  const seen = await store.read();
  if (seen !== undefined) {
    refuseOlder(checkpoint, seen.size);
    await requireExtends(client, seen, checkpoint, signal);
  }
  await store.write(note, checkpoint.size);
}

/** Refuses a checkpoint of fewer entries than were seen. Throws `mismatch`. */
export function refuseOlder({ size }: Checkpoint, seen: number): void {
  if (size >= seen) return;
  throw new ClientError(
    'mismatch',
    `the log was rolled back: it shows ${size} entries after it had signed ${seen}. Do not ` +
      'trust this tally; tell its operator and its witnesses',
  );
}

async function requireExtends(
  client: TallyClient,
  seen: Checkpoint,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  if (seen.size === 0) return;
  try {
    const isSame = seen.size === checkpoint.size;
    const readTile = (tile: Parameters<TallyClient['tile']>[0]): Promise<Uint8Array> =>
      client.tile(tile, { signal });
    const readNodes = tileNodeReader(checkpoint.size, readTile, nodeHasher);
    const proof = isSame ? [] : await proveConsistency(seen.size, checkpoint.size, readNodes, nodeHasher);
    const [oldRoot, newRoot] = [seen.root, checkpoint.root];
    verifyConsistency({ oldSize: seen.size, oldRoot, newSize: checkpoint.size, newRoot, proof }, nodeHasher);
  } catch (error) {
    if (!(error instanceof LogTreeError)) throw error;
    if (seen.size === checkpoint.size) throw forked(seen, checkpoint, error);
    throw new ClientError(
      'mismatch',
      `the tally does not prove that its ${checkpoint.size} entries begin with the ${seen.size} that the log had ` +
        'signed: the log was forked, or what came is damaged. Ask again, or count the whole log by --full; do not ' +
        'trust this tally before',
      { cause: error },
    );
  }
}

/** Refuses a checkpoint that contradicts one of the same size that was seen. Throws `mismatch`. */
export function refuseFork(seen: Checkpoint, checkpoint: Checkpoint): void {
  if (seen.size === checkpoint.size && !equalBytes(seen.root, checkpoint.root))
    throw forked(seen, checkpoint);
}

function forked(seen: Checkpoint, checkpoint: Checkpoint, cause?: CodedError): ClientError {
  return new ClientError(
    'mismatch',
    `the log was forked: its ${checkpoint.size} entries do not begin with the ${seen.size} that it had signed. Do ` +
      'not trust this tally; tell its operator and its witnesses',
    { cause },
  );
}
