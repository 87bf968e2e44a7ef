// A process that runs bittorrent-dht or stock Wires on loopback, for the tests of fault 1. It prints its port.
// With `trusting` as second argument, `bencode` is a decoder that believes every length.
import { registerHooks } from 'node:module';
import { createServer } from 'node:net';
import process from 'node:process';

const [, , kind, decoder] = process.argv;

if (decoder === 'trusting') {
  const trusting = new URL('./trusting-bencode.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'bencode' ? { url: trusting, shortCircuit: true } : next(specifier, context),
  });
}

if (kind === 'dht') {
  const { Client } = await import('bittorrent-dht');
  const dht = new Client({ bootstrap: false });
  dht.on('warning', () => undefined);
  dht.listen(0, '127.0.0.1', () => console.log(dht.address().port));
} else {
  const { default: Wire } = await import('bittorrent-protocol');
  const server = createServer((socket) => {
    const wire = new Wire('tcpIncoming');
    socket.on('error', () => socket.destroy());
    wire.on('error', () => socket.destroy());
    socket.pipe(wire).pipe(socket);
    wire.on('handshake', (infoHash: string) => wire.handshake(infoHash, 'aa'.repeat(20)));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    console.log(typeof address === 'object' ? address?.port : address);
  });
}
