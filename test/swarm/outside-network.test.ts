// Where strangers on the internet may lead an engine: a network namespace gives this machine addresses of the internet,
// of a private network and link-local ones, so that nothing of it has to be pretended.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needs, programOf } from '../support/needs.ts';
import { temporaryFolder } from './content.ts';

const script = fileURLToPath(new URL('./outside-network.process.ts', import.meta.url));
const ADDRESSES = [34, 41, 42, 43, 44, 49, 50].map((last) => `93.184.216.${last}/32`);

test('no tracker, redirect, magnet link, torrent or DHT node leads us nearer than it stands', {
  skip: needs('namespaces'),
}, async (context) => {
  const folder = await temporaryFolder(context);
  const setUp = ['10.1.2.3/32', '169.254.169.254/32', ...ADDRESSES].map(
    (address) => `ip address add ${address} dev lo`,
  );
  const { stdout } = await promisify(execFile)(
    programOf('namespaces'),
    [
      '--user',
      '--map-root-user',
      '--net',
      'sh',
      '-ec',
      `export PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up; ${setUp.join('; ')}; exec "$0" "$@"`,
      process.execPath,
      script,
      folder,
    ],
    { timeout: 60_000 },
  );
  const results = JSON.parse(stdout) as Record<string, unknown>;
  const all = ['10.1.2.3', '127.0.0.1', '169.254.169.254', '::1'];
  assert.deepEqual(results, {
    'tracker on 93.184.216.34': { done: true, called: [] },
    'tracker on 10.1.2.3': { done: true, called: ['10.1.2.3'] },
    'x.pe': { refusals: 4, called: [] },
    tr: { refusals: 8, called: [] },
    'tr by name': { refusals: 2, called: [] },
    'announce of a torrent': { refusals: 1, called: [] },
    ...Object.fromEntries(all.map((host) => [`redirect to ${host}`, { refusals: 1, called: [] }])),
    'named by the user': { refusals: 0, called: ['10.1.2.3', '127.0.0.1'] },
    DHT: { idFits: true, nodes: 4, found: ['93.184.216.34'], misfitAsked: 0, called: [] },
  });
});
