import { InternalError } from '../bytes/index.ts';
import { TILE_WIDTH } from '../merkle/index.ts';
import { LogError } from './errors.ts';

const LENGTH_BYTES = 2;
const LARGEST_ENTRY = 0xffff;

/** An entry bundle (C2SP tlog-tiles, "Log entries"): each entry after its length, two bytes, big-endian. */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.length, 0);
  const bundle = new Uint8Array(size);
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > LARGEST_ENTRY)
      throw new InternalError(`an entry of ${entry.length} bytes in a bundle`);
    view.setUint16(at, entry.length);
    bundle.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.length;
  }
  return bundle;
}

/**
 * The entries of a bundle as views into it; `width` is how many it must hold (1 to 256). They are only as true
 * as the bundle until a `LogReplay` of them has met a checkpoint. Throws `bad-bundle`.
 */
export function parseEntryBundle(bundle: Uint8Array, width: number = TILE_WIDTH): Uint8Array[] {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    if (entries.length === width)
      throw new LogError('bad-bundle', `a bundle holds more than ${width} entries`);
    const start = at + LENGTH_BYTES;
    const end = start > bundle.length ? Number.POSITIVE_INFINITY : start + view.getUint16(at);
    if (end > bundle.length) {
      throw new LogError(
        'bad-bundle',
        `entry ${entries.length} of a bundle passes the end of its ${bundle.length} bytes`,
      );
    }
    entries.push(bundle.subarray(start, end));
    at = end;
  }
  if (entries.length < width) {
    throw new LogError('bad-bundle', `a bundle holds ${entries.length} entries, not ${width}`);
  }
  return entries;
}
