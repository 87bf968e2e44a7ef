// The peer wire: the same messages however the stream is split, each with one form only; and handshakes.
import { isDeepStrictEqual } from 'node:util';
import {
  type BlockSpan,
  encodeHandshake,
  encodeMessage,
  HANDSHAKE_BYTES,
  MessageDecoder,
  type PeerMessage,
  PIECE_HEADER_BYTES,
  parseHandshake,
  WireError,
  writePieceHeader,
} from '../../../src/wire/index.ts';
import { accepted, inParts, mustEqual, readAndOverwrite } from '../support.ts';

type Seen = PeerMessage | { readonly type: 'piece'; readonly span: BlockSpan; readonly data: Uint8Array };

const LIMITS = { messageBytes: 2000, blockBytes: 1000 };

export function fuzz(bytes: Uint8Array): void {
  const [seed = 0] = bytes;
  const stream = bytes.slice(1);
  const whole = read((push) => push(stream.slice()));
  const split = read((push) => inParts(stream, seed, push));
  if (!isDeepStrictEqual(whole, split)) throw new Error('another split of the stream reads otherwise');
  mustBeFramed(stream, whole.seen, whole.failure !== undefined);
  readHandshake(stream);
}

function read(feed: (push: (part: Uint8Array) => void) => void) {
  const seen: Seen[] = [];
  let data: Uint8Array | undefined;
  let begun = 0;
  let counted = 0;
  const decoder = new MessageDecoder(
    {
      message: (message) => seen.push(message),
      beginBlock: (span) => {
        begun += 1;
        // Every third block is passed over, as one that nobody wants.
        data = begun % 3 === 0 ? undefined : new Uint8Array(span.length);
        return data;
      },
      endBlock: (span) => seen.push({ type: 'piece', span, data: data ?? new Uint8Array(0) }),
      blockBytes: (count) => {
        counted += count;
      },
    },
    LIMITS,
  );
  let failure: string | undefined;
  accepted(WireError, () => {
    try {
      feed((part) => decoder.push(part));
    } catch (error) {
      failure = (error as WireError).code;
      throw error;
    }
  });
  return { seen, failure, counted };
}

/** Frames the stream by its lengths alone, and holds every message against its part of it. */
function mustBeFramed(stream: Uint8Array, seen: readonly Seen[], hasFailed: boolean): void {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  let at = 0;
  for (const message of seen) {
    const end = at + 4 + view.getUint32(at);
    const framed = stream.subarray(at, end);
    if (message.type === 'piece') {
      const head = new Uint8Array(PIECE_HEADER_BYTES);
      writePieceHeader(head, 0, message.span);
      mustEqual(head, framed.subarray(0, PIECE_HEADER_BYTES), 'the head of a block');
      if (message.data.length > 0) mustEqual(message.data, framed.subarray(PIECE_HEADER_BYTES), 'a block');
      if (framed.length !== PIECE_HEADER_BYTES + message.span.length)
        throw new Error('a block of other length');
    } else if (message.type !== 'unknown') mustEqual(encodeMessage(message), framed, message.type);
    at = end;
  }
  if (at > stream.length) throw new Error('a message was seen before it had come');
  const isWholeLeft = stream.length - at >= 4 && stream.length - at >= 4 + view.getUint32(at);
  if (isWholeLeft && !hasFailed) throw new Error('a whole message was not seen');
}

function readHandshake(bytes: Uint8Array): void {
  const first = bytes.subarray(0, HANDSHAKE_BYTES);
  const handshake = accepted(WireError, () => readAndOverwrite(first, parseHandshake));
  if (!handshake) return;
  const { infoHash } = handshake as { infoHash: Parameters<typeof encodeHandshake>[0]['infoHash'] };
  const again = encodeHandshake({ ...handshake, infoHash });
  const known = first.slice();
  const reserved = [0, 0, 0, 0, 0, 0x10, 0, 0x15];
  for (const [at, bits] of reserved.entries()) known[20 + at] = (known[20 + at] as number) & bits;
  mustEqual(again, known, 'a handshake');
}
