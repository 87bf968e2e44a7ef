import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RECIPE_LIMITS } from '../../src/builder/limits.ts';
import { loadSources } from '../../src/builder/sources.ts';
import { craftArchive, integrityOf, putInCache } from './archive.ts';
import { temporaryFolder } from './recipes.ts';

const honest = craftArchive([
  { path: 'package/package.json', content: '{"name":"small","version":"1.0.0"}' },
]);
const other = craftArchive([
  { path: 'package/package.json', content: '{"name":"small","version":"1.0.0"} ' },
]);
const source = (integrity: string) => ({ name: 'small', npm: 'small@1.0.0', integrity, unpack: 'small' });
const signal = new AbortController().signal;
const PIPE_MAKER = 'mkfifo';

/**
 * A registry of one package on loopback, named to npm by its own setting; it says of the archive what it likes.
 * Returns how often the archive was asked for.
 */
async function registry(context: TestContext, folder: string, archive: Buffer): Promise<() => number> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url === '/small.tgz') {
      asked += 1;
      response.end(archive);
      return;
    }
    const dist = { tarball: `http://127.0.0.1:${port()}/small.tgz`, integrity: integrityOf(archive) };
    const version = { name: 'small', version: '1.0.0', dist };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ name: 'small', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (): number => (server.address() as { port: number }).port;
  setting(context, 'npm_config_registry', `http://127.0.0.1:${port()}/`);
  setting(context, 'npm_config_cache', join(folder, 'npm-cache'));
  setting(context, 'npm_config_fetch_retries', '0');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return () => asked;
}

function setting(context: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  context.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

test('a source is fetched through npm as the user set it, once, and then comes from the cache', async (context) => {
  const folder = await temporaryFolder(context);
  const asked = await registry(context, folder, honest);
  const cacheFolder = join(folder, 'cache');
  const wanted = source(integrityOf(honest));
  const first = await loadSources([wanted], { cacheFolder, signal });
  assert.deepEqual(first.get('small'), honest);
  assert.deepEqual(await loadSources([wanted], { cacheFolder, signal }), first);
  assert.equal(asked(), 1);
  assert.deepEqual(await readdir(cacheFolder), ['sha512']);
});

test('an archive that is not what the recipe pins is refused and not kept', async (context) => {
  const folder = await temporaryFolder(context);
  await registry(context, folder, other);
  const cacheFolder = join(folder, 'cache');
  await assert.rejects(loadSources([source(integrityOf(honest))], { cacheFolder, signal }), {
    code: 'mismatch',
    message: /small@1\.0\.0 as npm fetched it is not what the recipe pins/,
  });
  assert.deepEqual(await readdir(cacheFolder), []);
});

test('a file of the cache that was changed is not used', async (context) => {
  const folder = await temporaryFolder(context);
  const asked = await registry(context, folder, honest);
  const cacheFolder = join(folder, 'cache');
  const integrity = await putInCache(cacheFolder, honest);
  const [name = ''] = await readdir(join(cacheFolder, 'sha512'));
  await writeFile(join(cacheFolder, 'sha512', name), other);
  const loaded = await loadSources([source(integrity)], { cacheFolder, signal });
  assert.deepEqual(loaded.get('small'), honest);
  assert.equal(asked(), 1);
  assert.deepEqual(await readFile(join(cacheFolder, 'sha512', name)), honest);
});

test('whatever another user of the cache puts in a file’s place, it is fetched again', async (context) => {
  const folder = await temporaryFolder(context);
  await registry(context, folder, honest);
  const cacheFolder = join(folder, 'cache');
  const integrity = await putInCache(cacheFolder, honest);
  const path = join(cacheFolder, 'sha512', (await readdir(join(cacheFolder, 'sha512')))[0] ?? '');
  const traps: readonly (readonly [name: string, put: () => unknown])[] = [
    ['a folder', () => mkdir(join(path, 'deep'), { recursive: true })],
    ['a pipe that nobody writes to', () => execFileSync(PIPE_MAKER, [path])],
    ['a file of any size', async () => truncate(await made(path), RECIPE_LIMITS.archiveBytes + 1)],
    ['a link', () => symlink('/dev/zero', path)],
  ];
  for (const [name, put] of traps) {
    await rm(path);
    await put();
    const loaded = await loadSources([source(integrity)], { cacheFolder, signal });
    assert.deepEqual(Buffer.from(loaded.get('small') ?? []), honest, name);
    assert.deepEqual(await readFile(path), honest, name);
  }
});

async function made(path: string): Promise<string> {
  await writeFile(path, '');
  return path;
}

test('several builders may fill one cache at the same time', async (context) => {
  const folder = await temporaryFolder(context);
  await registry(context, folder, honest);
  const cacheFolder = join(folder, 'cache');
  const wanted = source(integrityOf(honest));
  const all = await Promise.all([1, 2, 3].map(() => loadSources([wanted], { cacheFolder, signal })));
  for (const loaded of all) assert.deepEqual(loaded.get('small'), honest);
  assert.deepEqual(await readdir(cacheFolder), ['sha512']);
});

test('a registry that cannot be reached is named as such, in npm’s own words', async (context) => {
  const folder = await temporaryFolder(context);
  await mkdir(join(folder, 'cache'));
  setting(context, 'npm_config_registry', 'http://127.0.0.1:9/');
  setting(context, 'npm_config_cache', join(folder, 'npm-cache'));
  setting(context, 'npm_config_fetch_retries', '0');
  await assert.rejects(
    loadSources([source(integrityOf(honest))], { cacheFolder: join(folder, 'cache'), signal }),
    { code: 'fetch-failed', message: /small@1\.0\.0: check the network[^]*ECONNREFUSED/ },
  );
});
