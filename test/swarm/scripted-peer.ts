import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { brandBytes, concatBytes, truncateInfoHash } from '../../src/bytes/index.ts';
import type { Metainfo } from '../../src/torrent/index.ts';
import {
  type BlockSpan,
  encodeExtensionHandshake,
  encodeHandshake,
  encodeMessage,
  encodeMetadataMessage,
  type HashRange,
  MessageDecoder,
  type MetadataMessage,
  type PeerMessage,
  PIECE_HEADER_BYTES,
  parseExtensionHandshake,
  parseMetadataMessage,
  writePieceHeader,
} from '../../src/wire/index.ts';

/** What a scripted peer does; what is left out it does as an honest seeder without block hashes would. */
export interface Script {
  /** Instead of shaking hands. */
  readonly onConnect?: (line: Line) => void;
  /** Right after the handshakes. */
  readonly greet?: (line: Line) => void;
  /** The bytes of a block; `undefined` sends nothing. */
  readonly block?: (span: BlockSpan, line: Line) => Uint8Array | undefined;
  /** It need not send a block. Left out, nothing tells whether it obeys. */
  readonly cancel?: (span: BlockSpan, line: Line) => void;
  /** The answer to a hash request; `undefined` rejects it. */
  readonly hashes?: (range: HashRange, line: Line) => Uint8Array | undefined;
  /** Hash requests are neither answered nor rejected. */
  readonly silentHashes?: boolean;
  readonly metadata?: Uint8Array;
  readonly metadataBytes?: number;
  /** What it sends when a metadata piece is asked for, instead of that piece. */
  readonly metadataAnswers?: (pieceIndex: number, line: Line) => readonly MetadataMessage[];
}

/** One connection of a scripted peer. */
export interface Line {
  readonly socket: Socket;
  send(message: PeerMessage): void;
  /** What the peer has sent, by type. */
  readonly seen: Map<string, number>;
}

export interface ScriptedPeer {
  readonly host: string;
  readonly port: number;
  readonly lines: readonly Line[];
}

/** Starts a peer that follows a script, on an address of its own. */
export async function startScripted(
  context: TestContext,
  host: string,
  metainfo: Metainfo,
  bytesAt: (span: BlockSpan) => Uint8Array,
  script: Script,
): Promise<ScriptedPeer> {
  const lines: Line[] = [];
  const server = createServer((socket) => {
    const line = makeLine(socket);
    lines.push(line);
    if (script.onConnect) script.onConnect(line);
    else serve(line, metainfo, bytesAt, script);
  });
  context.after(() => stop(server, lines));
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { host, port, lines };
}

/** Connects to a seeder as a leecher that follows no rules. */
export async function dial(
  context: TestContext,
  localAddress: string,
  target: { readonly host: string; readonly port: number },
): Promise<Line> {
  const socket = connect({ ...target, localAddress });
  const line = makeLine(socket);
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  return line;
}

/** Our side's handshake under the v2 infohash. */
export function handshakeOf(metainfo: Metainfo, id: number): Uint8Array {
  return encodeHandshake({
    infoHash: truncateInfoHash(metainfo.infoHashV2),
    peerId: brandBytes('PeerId', new Uint8Array(20).fill(id)),
    extended: true,
    fast: true,
    upgradable: true,
  });
}

function makeLine(socket: Socket): Line {
  socket.on('error', () => undefined); // being cut off is what most scripts are after
  return {
    socket,
    send: (message) => {
      socket.write(encodeMessage(message));
    },
    seen: new Map(),
  };
}

let nextId = 1;

function serve(
  line: Line,
  metainfo: Metainfo,
  bytesAt: (span: BlockSpan) => Uint8Array,
  script: Script,
): void {
  let early: Uint8Array | undefined = new Uint8Array(0);
  let extensionId = 0;
  const decoder = new MessageDecoder({
    message: (message) => {
      line.seen.set(message.type, (line.seen.get(message.type) ?? 0) + 1);
      if (message.type === 'interested') line.send({ type: 'unchoke' });
      else if (message.type === 'request') sendBlock(line, message, bytesAt, script);
      else if (message.type === 'cancel') script.cancel?.(message, line);
      else if (message.type === 'hash-request') sendHashes(line, message, script);
      else if (message.type === 'extended' && message.extensionId === 0) {
        extensionId = parseExtensionHandshake(message.payload).extensions.get('ut_metadata') ?? 0;
      } else if (message.type === 'extended') {
        sendMetadata(line, message.payload, extensionId, metainfo, script);
      }
    },
    beginBlock: () => undefined,
    endBlock: () => undefined,
  });
  line.socket.on('data', (chunk: Buffer) => {
    if (early === undefined) {
      decoder.push(chunk);
      return;
    }
    early = concatBytes(early, chunk);
    if (early.length < 68) return;
    const rest = early.subarray(68);
    early = undefined;
    line.socket.write(handshakeOf(metainfo, nextId));
    nextId = (nextId % 250) + 1;
    const payload = encodeExtensionHandshake({
      extensions: new Map([['ut_metadata', 7]]),
      metadataBytes: script.metadataBytes ?? (script.metadata ?? metainfo.infoBytes).length,
    });
    line.send({ type: 'extended', extensionId: 0, payload });
    if (script.greet) script.greet(line);
    else line.send({ type: 'have-all' });
    decoder.push(rest);
  });
}

function sendBlock(
  line: Line,
  span: BlockSpan,
  bytesAt: (span: BlockSpan) => Uint8Array,
  script: Script,
): void {
  const data = script.block ? script.block(span, line) : bytesAt(span);
  if (data === undefined) return;
  const head = new Uint8Array(PIECE_HEADER_BYTES);
  writePieceHeader(head, 0, { ...span, length: data.length });
  line.socket.write(concatBytes(head, data));
}

function sendHashes(line: Line, range: HashRange, script: Script): void {
  if (script.silentHashes === true) return;
  const hashes = script.hashes?.(range, line);
  line.send(hashes ? { ...range, type: 'hashes', hashes } : { ...range, type: 'hash-reject' });
}

function sendMetadata(
  line: Line,
  payload: Uint8Array,
  extensionId: number,
  { infoBytes }: Metainfo,
  script: Script,
): void {
  const asked = parseMetadataMessage(payload);
  if (asked?.type !== 'request') return;
  const { pieceIndex } = asked;
  const metadata = script.metadata ?? infoBytes;
  const piece = metadata.subarray(pieceIndex * 16_384, (pieceIndex + 1) * 16_384);
  const answers = script.metadataAnswers?.(pieceIndex, line) ?? [
    { type: 'data', pieceIndex, totalBytes: metadata.length, piece },
  ];
  for (const answer of answers) {
    line.send({ type: 'extended', extensionId, payload: encodeMetadataMessage(answer) });
  }
}

async function stop(server: Server, lines: readonly Line[]): Promise<void> {
  for (const { socket } of lines) socket.destroy();
  server.close();
  await once(server, 'close');
}
