import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { brandBytes, type InfoHashV2, truncateInfoHash } from '../../src/bytes/index.ts';
import { encodeHandshake } from '../../src/wire/index.ts';

/** Connections of one address; a seeder takes no more of it. */
const PER_ADDRESS = 50;
const HANDSHAKE_BYTES = 68;

/** Opens connections from many loopback addresses that shake hands and then say nothing; resolves when all did. */
export async function openIdlePeers(port: number, infoHashV2: InfoHashV2, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at += PER_ADDRESS) {
    const wave = Array.from({ length: Math.min(PER_ADDRESS, count - at) }, (_, index) =>
      openIdlePeer(port, infoHashV2, at + index),
    );
    sockets.push(...(await Promise.all(wave)));
  }
  return sockets;
}

async function openIdlePeer(port: number, infoHashV2: InfoHashV2, number: number): Promise<Socket> {
  const address = Math.floor(number / PER_ADDRESS);
  const socket = connect({
    host: '127.0.0.1',
    port,
    localAddress: `127.1.${address >> 8}.${address & 255 || 255}`,
  });
  await once(socket, 'connect');
  const peerId = new Uint8Array(20);
  new DataView(peerId.buffer).setUint32(16, number + 1);
  socket.write(
    encodeHandshake({
      infoHash: truncateInfoHash(infoHashV2),
      peerId: brandBytes('PeerId', peerId),
      extended: true,
      fast: true,
      upgradable: true,
    }),
  );
  for (let heard = 0; heard < HANDSHAKE_BYTES; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    heard += chunk.length;
  }
  socket.resume();
  return socket;
}
