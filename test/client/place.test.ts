import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { putInPlace } from '../../src/client/place.ts';

/** A work folder beside a target's place, each a file or a folder. */
async function scene(context: TestContext, made: 'file' | 'folder', standing: 'file' | 'folder') {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-place-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const from = join(folder, 'work', 'result');
  const to = join(folder, 'result');
  await mkdir(join(folder, 'work'));
  for (const [path, kind, text] of [
    [from, made, 'new'],
    [to, standing, 'mine'],
  ] as const) {
    if (kind === 'folder') await mkdir(path);
    await writeFile(kind === 'folder' ? join(path, text) : path, text);
  }
  return { from, to };
}

for (const made of ['file', 'folder'] as const) {
  for (const standing of ['file', 'folder'] as const) {
    const read = async (path: string, kind: 'file' | 'folder') =>
      kind === 'folder' ? (await readdir(path)).join() : readFile(path, 'utf8');

    test(`a ${standing} that came to the place of a ${made} meanwhile is not overwritten`, async (context) => {
      const { from, to } = await scene(context, made, standing);
      await assert.rejects(putInPlace(from, to, false), { code: 'target-exists', message: /--force/ });
      assert.equal(await read(to, standing), 'mine');
    });

    test(`a ${standing} is replaced by a ${made} when it shall be`, async (context) => {
      const { from, to } = await scene(context, made, standing);
      await putInPlace(from, to, true);
      assert.equal(await read(to, made), 'new');
      await assert.rejects(readdir(from));
    });
  }
}
