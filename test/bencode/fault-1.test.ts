// SWARM.md, fault 1: five bytes stop whoever reads them by npm's bencode. Observed on real processes from outside.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PACKET = Buffer.from('l-3:e');
const START_MS = 20_000;
/** A process that does not answer for so long has stopped. */
const ANSWER_MS = 4000;
const HANDSHAKE = Buffer.concat([
  Buffer.from('\x13BitTorrent protocol', 'latin1'),
  Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0]), // BEP 10: extended messages
  Buffer.alloc(20, 1),
  Buffer.alloc(20, 2),
]);

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function start(kind: 'dht' | 'wire', decoder: 'installed' | 'trusting'): Promise<number> {
  const program = fileURLToPath(new URL('./hostile-input.process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--max-old-space-size=512', program, kind, decoder], {
    // The end of the other one is long and expected.
    stdio: ['ignore', 'pipe', decoder === 'trusting' ? 'ignore' : 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(START_MS) })) as [string];
  return Number(line);
}

/** Whether a DHT node answers a ping, asked a few times since UDP may lose a packet. */
async function dhtAnswers(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const ping = Buffer.from(`d1:ad2:id20:${'i'.repeat(20)}e1:q4:ping1:t2:aa1:y1:qe`);
  const timer = setInterval(() => socket.send(ping, port, '127.0.0.1'), 200);
  try {
    socket.send(ping, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) })) as [Buffer];
    return answer.includes('1:y1:r');
  } catch {
    return false; // no answer in time
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

async function sendPacket(port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.send(PACKET, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
  });
  socket.close();
}

/** Whether a Wire answers a handshake on a new connection; `then` is sent behind the handshake. */
async function wireAnswers(port: number, then: Buffer = Buffer.alloc(0)): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  try {
    socket.write(Buffer.concat([HANDSHAKE, then]));
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_MS) })) as [Buffer];
    return answer.subarray(1, 20).toString() === 'BitTorrent protocol';
  } catch {
    return false; // no answer in time
  } finally {
    socket.destroy();
  }
}

/** An extended handshake (BEP 10) whose dictionary is the packet. */
function extendedHandshake(): Buffer {
  const message = Buffer.concat([Buffer.from([20, 0]), PACKET]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

test('a process that runs bittorrent-dht outlives the packet', async () => {
  const port = await start('dht', 'installed');
  assert.equal(await dhtAnswers(port), true, 'it answers at first');
  for (let count = 0; count < 3; count += 1) await sendPacket(port);
  assert.equal(await dhtAnswers(port), true, 'it answers afterwards');
});

test('a process that runs the stock Wire outlives an extended handshake with the packet', async () => {
  const port = await start('wire', 'installed');
  await wireAnswers(port, extendedHandshake());
  assert.equal(await wireAnswers(port), true, 'it answers afterwards');
});

test('with a decoder that believes lengths, both processes stop', async () => {
  const [dht, wire] = await Promise.all([start('dht', 'trusting'), start('wire', 'trusting')]);
  assert.deepEqual([await dhtAnswers(dht), await wireAnswers(wire)], [true, true], 'they answer at first');
  await sendPacket(dht);
  await wireAnswers(wire, extendedHandshake());
  assert.deepEqual(await Promise.all([dhtAnswers(dht), wireAnswers(wire)]), [false, false]);
});
