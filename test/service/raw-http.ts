import { connect } from 'node:net';

/** What came back on one connection, as Latin-1, until it closed. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** Sends bytes as they are, from an address, and reads until the other side closes. */
export async function sendRaw(
  tally: { url: string },
  request: string | Uint8Array,
  options: { localAddress?: string; limitMs?: number } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(tally.url);
  const { localAddress, limitMs = 5000 } = options;
  const socket = connect({ host: hostname, port: Number(port), ...(localAddress && { localAddress }) });
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection was still open after ${limitMs} ms`));
    }, limitMs);
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined); // a reset is one way of closing
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const whole = Buffer.concat(chunks);
  const end = whole.indexOf('\r\n\r\n');
  const head = whole.subarray(0, end < 0 ? whole.length : end).toString('latin1');
  return {
    status: Number(head.split(' ')[1] ?? 0),
    head,
    body: end < 0 ? Buffer.alloc(0) : whole.subarray(end + 4),
  };
}

/** A GET that closes its connection, with further header lines. */
export function rawGet(path: string, headers: readonly string[] = ['Host: 127.0.0.1']): string {
  return [`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');
}
