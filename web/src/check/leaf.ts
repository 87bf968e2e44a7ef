/** An entry bundle or a leaf that has not the form of C2SP tlog-tiles or of this network's log. */
export class LeafError extends Error {}

/** One leaf of the log: when it was received, and the envelope as received. */
export interface LogLeaf {
  readonly timeMs: number;
  readonly envelope: Uint8Array;
}

const TIME_BYTES = 8;

/**
 * Splits an entry bundle (C2SP tlog-tiles, "Log Entries"): each entry behind its length, a big-endian uint16.
 * Exactly `width` entries and nothing behind them, else a {@link LeafError}.
 */
export function splitBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (entries.length === width) throw new LeafError(`an entry bundle has more than ${width} entries`);
    if (offset + 2 > bytes.length) throw new LeafError('an entry bundle ends inside a length');
    const end = offset + 2 + view.getUint16(offset);
    if (end > bytes.length) throw new LeafError('an entry bundle ends inside an entry');
    entries.push(bytes.subarray(offset + 2, end));
    offset = end;
  }
  if (entries.length < width) {
    throw new LeafError(`an entry bundle has ${entries.length} entries, not ${width}`);
  }
  return entries;
}

/** Reads an entry: receipt time (8 bytes, big-endian milliseconds) and envelope. */
export function readLeaf(entry: Uint8Array): LogLeaf {
  if (entry.length < TIME_BYTES) throw new LeafError('an entry is shorter than its receipt time');
  const time = new DataView(entry.buffer, entry.byteOffset, TIME_BYTES).getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) throw new LeafError(`receipt time ${time} is no time`);
  return { timeMs: Number(time), envelope: entry.subarray(TIME_BYTES) };
}
