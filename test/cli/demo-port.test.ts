import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeFolder } from '../../src/cli/demo/folder.ts';
import { requireFreePort } from '../../src/cli/demo/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runCommand } from './run-command.ts';

test('a port in use is wrong use, and leaves what an earlier demonstration made', async (context) => {
  const folder = join(temporaryFolder('demo-port'), 'demo');
  await takeFolder(folder);
  await writeFile(join(folder, 'download'), 'of an earlier one');
  const server = createServer().listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ended = await runCommand('demo', '--once', '--data', folder, '--port', String(port));
  assert.equal(ended.code, 2);
  const words = `error: --port ${port}: something listens there already (EADDRINUSE): `;
  assert.ok(ended.stderr.startsWith(words), ended.stderr);
  assert.deepEqual((await readdir(folder)).sort(), ['.bitquorum-demo', 'download']);
});

test('a free port is left free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await requireFreePort(port);
  await requireFreePort(port);
  await requireFreePort(0);
});
