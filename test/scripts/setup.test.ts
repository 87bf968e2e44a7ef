import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitquorum-setup-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A checkout with nothing installed: only what set-up reads before there are packages. */
function bareCheckout(name: string): string {
  const bare = join(folder, name);
  for (const path of ['package.json', 'package-lock.json', 'scripts', 'src/bencode/drop-in/package.json']) {
    cpSync(join(root, path), join(bare, path), { recursive: true });
  }
  mkdirSync(join(bare, 'web'), { recursive: true });
  return bare;
}

function setUp(checkout: string, env: NodeJS.ProcessEnv) {
  return spawnSync(process.execPath, [join(checkout, 'scripts', 'setup.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

test('without a network, set-up says so in one line and fails', () => {
  const done = setUp(bareCheckout('offline'), {
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(folder, 'empty-cache'),
    npm_config_prefer_online: 'true',
  });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /^setup: installing what package-lock\.json lists/);
  assert.match(done.stderr, /setup: the npm registry cannot be reached: check the network/);
  assert.equal(done.stdout, '', 'standard output belongs to the command that follows');
});

test('a lock file that does not fit is named', () => {
  const checkout = bareCheckout('misfit');
  const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  manifest.dependencies['zod'] = '3.0.0';
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(manifest));
  const done = setUp(checkout, { npm_config_cache: join(folder, 'empty-cache') });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /package\.json and package-lock\.json disagree: run npm install/);
});

test('when all is there, set-up does and says nothing', () => {
  setUp(root, {}); // the dashboard may be older than the sources while someone works on it
  const done = setUp(root, { npm_config_registry: 'http://127.0.0.1:9/' });
  assert.equal(done.status, 0);
  assert.equal(done.stderr + done.stdout, '');
});
