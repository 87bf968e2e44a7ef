import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { concatBytes, type PeerId } from '../../src/bytes/index.ts';
import { encodeMessage, HANDSHAKE_BYTES, parseHandshake } from '../../src/wire/index.ts';

const EXTENDED = 20;

type Way = 'to-seeder' | 'to-verifier';

/** The peer ids of both handshakes, by who sent them. */
export interface Ids {
  verifierId: PeerId;
  seederId: PeerId;
}

/** What a relay makes of an extended message, the extension handshake excepted. */
export type Rewrite = (payload: Uint8Array, way: Way, ids: Ids) => Uint8Array;

/**
 * A relay at an address of its own: it takes connections, dials the target for each, and carries every byte both ways,
 * extended messages by way of `rewrite`.
 */
export async function startRelay(
  context: TestContext,
  host: string,
  target: { readonly host: string; readonly port: number },
  rewrite?: Rewrite,
): Promise<{ readonly host: string; readonly port: number; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect({ ...target, localAddress: host });
    const ids = {} as Ids;
    for (const [from, to, way] of [
      [near, far, 'to-seeder'],
      [far, near, 'to-verifier'],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined); // the other side hears of it by the close
      from.on('close', () => to.destroy());
      const carry = rewrite ? framed(rewrite, way, ids) : (chunk: Uint8Array) => chunk;
      from.on('data', (chunk: Buffer) => to.write(carry(chunk)));
    }
  });
  context.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { host, port, connections: () => connections };
}

/** Cuts a stream into messages behind the handshake, and rewrites those that are extended. */
function framed(rewrite: Rewrite, way: Way, ids: Ids): (chunk: Uint8Array) => Uint8Array {
  let pending: Uint8Array = new Uint8Array(0);
  let isGreeted = false;
  return (chunk) => {
    pending = concatBytes(pending, chunk);
    const out: Uint8Array[] = [];
    if (!isGreeted) {
      if (pending.length < HANDSHAKE_BYTES) return new Uint8Array(0);
      isGreeted = true;
      const hello = pending.subarray(0, HANDSHAKE_BYTES);
      ids[way === 'to-seeder' ? 'verifierId' : 'seederId'] = parseHandshake(hello).peerId;
      out.push(hello);
      pending = pending.subarray(HANDSHAKE_BYTES);
    }
    while (pending.length >= 4) {
      const end = 4 + new DataView(pending.buffer, pending.byteOffset).getUint32(0);
      if (pending.length < end) break;
      const message = pending.subarray(0, end);
      pending = pending.subarray(end);
      const [id, extensionId] = message.subarray(4);
      if (id !== EXTENDED || extensionId === undefined || extensionId === 0) out.push(message);
      else {
        const payload = rewrite(message.subarray(6), way, ids);
        out.push(encodeMessage({ type: 'extended', extensionId, payload }));
      }
    }
    return concatBytes(...out);
  };
}
