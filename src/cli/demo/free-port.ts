import { once } from 'node:events';
import { createServer } from 'node:net';
import { UsageError } from '../exit-code.ts';

/**
 * Refuses a port of this machine that cannot be had, before an earlier demonstration gives way to one that could not
 * begin. Throws a {@link UsageError}.
 */
export async function requireFreePort(port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    const bound = once(server, 'listening');
    server.listen({ host: '127.0.0.1', port, exclusive: true });
    await bound;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'something listens there already' : 'the system refuses it';
    throw new UsageError(
      `--port ${port}: ${why} (${code}): give another port, or 0 to let the system choose`,
    );
  }
  server.close();
  await once(server, 'close');
}
