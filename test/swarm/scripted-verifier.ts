import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { brandBytes, concatBytes } from '../../src/bytes/index.ts';
import {
  encodeExtensionHandshake,
  encodeIdentityMessage,
  encodeMessage,
  HANDSHAKE_BYTES,
  IDENTITY_EXTENSION,
  MessageDecoder,
  parseExtensionHandshake,
  parseHandshake,
  parseIdentityMessage,
} from '../../src/wire/index.ts';
import type { MadeTorrent } from './content.ts';
import type { Ids } from './relay.ts';
import { handshakeOf } from './scripted-peer.ts';

type Sent = Parameters<typeof encodeIdentityMessage>[0];
type Received = ReturnType<typeof parseIdentityMessage>;

/** A connection to a seeder on which identity messages are written by hand. */
export interface Conversation {
  readonly ids: Ids;
  /** Sends a message; resolves with the next one that the seeder sends, rejects when it closes. */
  readonly ask: (message: Sent) => Promise<Received>;
  readonly closed: Promise<void>;
}

const OUR_ID = 9;

/** Dials a seeder, and offers the identity extension. */
export async function dialVerifier(
  context: TestContext,
  localAddress: string,
  made: MadeTorrent & { readonly address: { readonly host: string; readonly port: number } },
): Promise<Conversation> {
  const socket = connect({ ...made.address, localAddress });
  context.after(() => socket.destroy());
  return converse(socket, made);
}

/** Waits at an address of its own for the seeder to dial. */
export async function awaitSeeder(
  context: TestContext,
  host: string,
  made: MadeTorrent,
): Promise<{ readonly host: string; readonly port: number; readonly conversation: Promise<Conversation> }> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const conversation = once(server, 'connection').then(([socket]: Socket[]) => {
    context.after(() => socket?.destroy());
    return converse(socket as Socket, made);
  });
  context.after(() => server.close());
  const { port } = server.address() as { port: number };
  return { host, port, conversation };
}

/** Shakes hands on a socket; resolves once the seeder told its extensions. */
async function converse(socket: Socket, { metainfo }: MadeTorrent): Promise<Conversation> {
  const hello = handshakeOf(metainfo, 77);
  const waiting: ((message: Received) => void)[] = [];
  const greeted = Promise.withResolvers<number>();
  const closed = Promise.withResolvers<void>();
  const ended = closed.promise.then(() => Promise.reject(new Error('the seeder closed the connection')));
  ended.catch(() => undefined); // who waits for an answer hears of it there
  const decoder = new MessageDecoder({
    message: (message) => {
      if (message.type !== 'extended') return;
      if (message.extensionId === 0) {
        greeted.resolve(parseExtensionHandshake(message.payload).extensions.get(IDENTITY_EXTENSION) ?? 0);
      } else if (message.extensionId === OUR_ID) {
        waiting.shift()?.(parseIdentityMessage(message.payload));
      }
    },
    beginBlock: () => undefined,
    endBlock: () => undefined,
  });
  let head: Uint8Array = new Uint8Array(0);
  socket.on('error', () => undefined); // the close tells
  socket.on('close', () => closed.resolve());
  socket.on('data', (chunk: Buffer) => {
    const missing = HANDSHAKE_BYTES - head.length;
    head = concatBytes(head, chunk.subarray(0, missing));
    if (chunk.length > missing) decoder.push(chunk.subarray(missing));
  });
  socket.write(hello);
  const extensions = new Map([[IDENTITY_EXTENSION, OUR_ID]]);
  const payload = encodeExtensionHandshake({ extensions });
  socket.write(encodeMessage({ type: 'extended', extensionId: 0, payload }));
  const extensionId = await Promise.race([greeted.promise, ended]);
  return {
    ids: {
      verifierId: brandBytes('PeerId', hello.slice(48)),
      seederId: parseHandshake(head).peerId,
    },
    closed: closed.promise,
    ask: (message) => {
      const answer = new Promise<Received>((resolve) => {
        waiting.push(resolve);
      });
      socket.write(encodeMessage({ type: 'extended', extensionId, payload: encodeIdentityMessage(message) }));
      return Promise.race([answer, ended]);
    },
  };
}
