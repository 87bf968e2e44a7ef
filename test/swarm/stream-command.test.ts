// `bitquorum download --stdout` as a process: a file comes out while it is being downloaded.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { buffer, text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../src/swarm/index.ts';
import { writeTorrentFile } from '../../src/torrent/index.ts';
import { awkwardTree, fingerprint, makeTorrent, temporaryFolder } from './content.ts';

const program = fileURLToPath(new URL('../../src/cli/bitquorum.ts', import.meta.url));

async function setUp(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
  const file = join(folder, 'content.torrent');
  await writeTorrentFile(file, made.torrent);
  const engine = new Engine();
  context.after(() => engine.close());
  const { host, port } = await engine.listen();
  await engine.seed(made.torrent, made.path);
  const run = async (...args: readonly string[]) => {
    const out = join(folder, 'out');
    const common = [program, 'download', file, '--peer', `${host}:${port}`, '--out', out, '--stdout'];
    const child = spawn(process.execPath, [...common, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    context.after(() => child.kill('SIGKILL'));
    const closed = once(child, 'close');
    const [bytes, words] = await Promise.all([buffer(child.stdout), text(child.stderr)]);
    const [code] = (await closed) as [number];
    return { bytes, words, code, path: join(out, 'content') };
  };
  return { made, run };
}

test('--stdout writes the largest file and nothing else to standard output, and the download completes', async (context) => {
  const { made, run } = await setUp(context);
  const { bytes, words, code, path } = await run();
  assert.equal(code, 0, words);
  assert.ok(bytes.equals(awkwardTree()['b/many'] as Buffer));
  assert.ok(words.includes(path));
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
});

test('--file names the file; one that is not there is told with those that are', async (context) => {
  const { run } = await setUp(context);
  const wrong = await run('--file', 'nowhere');
  assert.equal(wrong.code, 2);
  assert.equal(wrong.bytes.length, 0);
  assert.match(wrong.words, /no file "nowhere": it has "a\/block", "a\/empty".* and 6 more/);
  const { bytes, code } = await run('--file', 'b/twin-1', '--json');
  assert.equal(code, 0);
  assert.ok(bytes.equals(awkwardTree()['b/twin-1'] as Buffer));
});
