import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MonitorError } from './alarm.ts';
import type { Monitor } from './monitor.ts';

/** Scrapers and other monitors are few: whoever else comes is bounded tightly. */
const CONNECTIONS = 64;
/** One address alone cannot keep the others from comparing what they are shown. */
const CONNECTIONS_PER_ADDRESS = 8;
const TIMEOUT_MS = 5000;

/**
 * Serves `GET /metrics`, and at `/checkpoint` the last checkpoint that was checked, so that monitors can compare what they
 * are shown. Gives where, and how to end it. Throws `bad-address`.
 */
export async function serveMonitor(
  monitor: Monitor,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_MS / 5,
    },
    (request, response) => {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const { checkpoint, metrics } = monitor;
      if (!isRead) response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      else if (request.url === '/metrics') {
        metrics.text().then(
          (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
          () => response.writeHead(500).end(),
        );
      } else if (request.url === '/checkpoint' && checkpoint !== undefined) {
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(checkpoint);
      } else response.writeHead(404).end();
    },
  );
  server.maxConnections = CONNECTIONS;
  server.setTimeout(2 * TIMEOUT_MS);
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > CONNECTIONS_PER_ADDRESS) socket.destroy();
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (cause) {
    throw new MonitorError(
      'bad-address',
      `cannot listen on ${host}:${port} (${(cause as Error).message}): give another address or port`,
      {
        cause,
      },
    );
  }
  const { address, port: real } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${real}`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
