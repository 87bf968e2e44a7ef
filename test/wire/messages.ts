import fc from 'fast-check';
import {
  type BlockSpan,
  encodeMessage,
  MessageDecoder,
  type PeerMessage,
  PIECE_HEADER_BYTES,
  type WireLimits,
  writePieceHeader,
} from '../../src/wire/index.ts';

/** A `piece` message as tests see it, beside those that the codec makes values of. */
export type Block = { readonly type: 'piece'; readonly data: Uint8Array } & BlockSpan;

/** Records with the prototype that parsed values have. */
const record = <Value>(shape: { [Key in keyof Value]: fc.Arbitrary<Value[Key]> }): fc.Arbitrary<Value> =>
  fc.record(shape, { noNullPrototype: true });
const uint32 = () => fc.nat({ max: 2 ** 32 - 1 });
const hashRange = () => ({
  piecesRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  baseLayer: uint32(),
  index: uint32(),
  length: uint32(),
  proofLayers: uint32(),
});
const span = () => ({ pieceIndex: uint32(), begin: uint32(), length: uint32() });

/** Any message of a peer. */
export const anyMessage = (): fc.Arbitrary<PeerMessage | Block> =>
  fc.oneof(
    record({
      type: fc.constantFrom('keep-alive', 'choke', 'unchoke', 'interested', 'not-interested'),
    }),
    record({ type: fc.constantFrom('have-all', 'have-none') }),
    record({ type: fc.constantFrom('have', 'suggest', 'allowed-fast'), pieceIndex: uint32() }),
    record({ type: fc.constant('bitfield'), bits: fc.uint8Array({ maxLength: 200 }) }),
    record({ type: fc.constantFrom('request', 'cancel', 'reject'), ...span() }),
    record({ type: fc.constant('port'), port: fc.nat({ max: 65_535 }) }),
    record({
      type: fc.constant('extended'),
      extensionId: fc.nat({ max: 255 }),
      payload: fc.uint8Array({ maxLength: 300 }),
    }),
    record({ type: fc.constantFrom('hash-request', 'hash-reject'), ...hashRange() }),
    record({
      type: fc.constant('hashes'),
      ...hashRange(),
      seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    }).map(({ seed, ...rest }) => Object.assign(rest, { hashes: new Uint8Array([...seed, ...seed]) })),
    record({
      type: fc.constant('piece'),
      pieceIndex: uint32(),
      begin: uint32(),
      data: fc.uint8Array({ minLength: 1, maxLength: 400 }),
    }).map((block) => Object.assign(block, { length: block.data.length })),
  );

/** A message's bytes, blocks included. */
export function bytesOf(message: PeerMessage | Block): Uint8Array {
  if (message.type !== 'piece') return encodeMessage(message);
  const bytes = new Uint8Array(PIECE_HEADER_BYTES + message.length);
  writePieceHeader(bytes, 0, message);
  bytes.set(message.data, PIECE_HEADER_BYTES);
  return bytes;
}

/** Everything that a decoder makes of some chunks. */
export function decodeAll(chunks: Iterable<Uint8Array>, limits?: WireLimits): (PeerMessage | Block)[] {
  const seen: (PeerMessage | Block)[] = [];
  let data: Uint8Array = new Uint8Array(0);
  const decoder = new MessageDecoder(
    {
      message: (message) => seen.push(message),
      beginBlock: (span) => {
        data = new Uint8Array(span.length);
        return data;
      },
      endBlock: (span) => seen.push({ type: 'piece', ...span, data }),
    },
    limits,
  );
  for (const chunk of chunks) decoder.push(chunk);
  return seen;
}
