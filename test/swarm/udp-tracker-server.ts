import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export const CONNECTION = Buffer.from('c0ffee0011223344', 'hex');

interface Told {
  readonly infoHashHex: string;
  readonly leftBytes: bigint;
  readonly event: number;
  readonly key: number;
  readonly port: number;
  readonly urlData: string;
}

/** A tracker whose swarms hold whoever announced; it passes over its first packets if told so, or sends noise before. */
export async function startUdpTracker(
  context: Pick<TestContext, 'after'>,
  options: {
    host?: string;
    port?: number;
    deafTo?: number;
    noise?: boolean;
    refusal?: string;
    silent?: boolean;
  } = {},
) {
  const host = options.host ?? '127.0.0.1';
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const told: Told[] = [];
  let connects = 0;
  let deafTo = options.deafTo ?? 0;
  const swarms = new Map<string, Map<number, Buffer>>();
  socket.on('message', (packet, from) => {
    if (options.silent || deafTo > 0) {
      deafTo -= 1;
      return;
    }
    const reply = (...parts: Buffer[]): void => socket.send(Buffer.concat(parts), from.port, from.address);
    const transaction = packet.subarray(12, 16);
    if (options.noise) {
      reply(Buffer.from('no packet'));
      reply(Buffer.from([0, 0, 0, 0]), Buffer.alloc(4, 0xee), CONNECTION); // of another transaction
      reply(Buffer.from([0, 0, 0, 9]), transaction, CONNECTION);
    }
    if (packet.readUInt32BE(8) === 0) {
      connects += 1;
      reply(Buffer.from([0, 0, 0, 0]), transaction, CONNECTION);
      return;
    }
    if (options.refusal !== undefined || !packet.subarray(0, 8).equals(CONNECTION)) {
      reply(Buffer.from([0, 0, 0, 3]), transaction, Buffer.from(options.refusal ?? 'wrong connection id'));
      return;
    }
    const port = packet.readUInt16BE(96);
    const infoHashHex = packet.toString('hex', 16, 36);
    told.push({
      infoHashHex,
      leftBytes: packet.readBigUInt64BE(64),
      event: packet.readUInt32BE(80),
      key: packet.readUInt32BE(88),
      port,
      urlData: urlDataOf(packet.subarray(98)),
    });
    const swarm = swarms.get(infoHashHex) ?? new Map<number, Buffer>();
    swarms.set(infoHashHex, swarm);
    const others = [...swarm].filter(([other]) => other !== port).map(([, peer]) => peer);
    const address = host.includes(':')
      ? Buffer.from('00000000000000000000000000000001', 'hex')
      : Buffer.of(127, 0, 0, 1);
    swarm.set(port, Buffer.concat([address, packet.subarray(96, 98)]));
    const counts = Buffer.from('000007080000000000000001', 'hex');
    reply(Buffer.from([0, 0, 0, 1]), transaction, counts, ...others);
  });
  socket.bind(options.port ?? 0, host);
  await once(socket, 'listening');
  let isOpen = true;
  const close = (): void => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  context.after(close);
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    close,
    port: socket.address().port,
    url: `udp://${name}:${socket.address().port}/announce?secret=${'x'.repeat(300)}`,
    told,
    connects: () => connects,
  };
}

export function urlDataOf(options: Buffer): string {
  let text = '';
  for (let at = 0; at + 2 <= options.length && options[at] === 2; ) {
    const end = at + 2 + (options[at + 1] as number);
    text += options.toString('utf8', at + 2, end);
    at = end;
  }
  return text;
}
