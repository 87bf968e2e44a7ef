import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type BencodeNode, decode, encode } from '../../src/bencode/index.ts';
import { fromUtf8 } from '../../src/bytes/index.ts';
import { createTorrent, parseInfo, parseTorrent, verifyTorrent } from '../../src/torrent/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-verify-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const big = randomBytes(5 * 16_384 + 100);
const root = join(folder, 'tree');
mkdirSync(join(root, 'sub'), { recursive: true });

function restore(): void {
  rmSync(join(root, 'big'), { force: true });
  writeFileSync(join(root, 'big'), big);
  writeFileSync(join(root, 'sub/small'), 'small');
  writeFileSync(join(root, 'sub/empty'), '');
}

restore();
const hybrid = (await createTorrent(root)).metainfo;
const v2 = (await createTorrent(root, { profile: 'v2' })).metainfo;

test('what a torrent was made from matches it', async () => {
  restore();
  writeFileSync(join(root, 'extra'), 'not of the torrent');
  for (const metainfo of [hybrid, v2, parseInfo(v2.infoBytes)]) {
    assert.deepEqual(await verifyTorrent(metainfo, root), {
      matches: true,
      problems: [],
      pieceLayers: v2.pieceLayers,
    });
  }
  rmSync(join(root, 'extra'));
  const single = (await createTorrent(join(root, 'big'))).metainfo;
  assert.equal((await verifyTorrent(single, join(root, 'big'))).matches, true);
});

/** Problems after a change, each as path, problem and pieces. */
async function problemsAfter(change: () => void): Promise<unknown[][]> {
  restore();
  change();
  const all = await Promise.all([hybrid, v2].map((metainfo) => verifyTorrent(metainfo, root)));
  const [first, second] = all.map(({ problems }) =>
    problems.map(({ path, problem, pieces }) => [path.join('/'), problem, ...pieces]),
  );
  assert.deepEqual(first, second);
  assert.ok(all.every(({ matches }) => !matches));
  return first ?? [];
}

test('every difference is named by file and piece', async () => {
  const flipped = (...places: number[]): Buffer => {
    const content = Buffer.from(big);
    for (const place of places) content[place] = (content[place] as number) ^ 1;
    return content;
  };
  const path = join(root, 'big');
  assert.deepEqual(await problemsAfter(() => writeFileSync(path, flipped(0))), [['big', 'wrong-content', 0]]);
  assert.deepEqual(await problemsAfter(() => writeFileSync(path, flipped(16_384, big.length - 1))), [
    ['big', 'wrong-content', 1, 5],
  ]);
  assert.deepEqual(await problemsAfter(() => writeFileSync(join(root, 'sub/small'), 'SMALL')), [
    ['sub/small', 'wrong-content', 0],
  ]);
  assert.deepEqual(await problemsAfter(() => truncateSync(path, 100)), [['big', 'wrong-size']]);
  assert.deepEqual(await problemsAfter(() => writeFileSync(join(root, 'sub/empty'), 'x')), [
    ['sub/empty', 'wrong-size'],
  ]);
  assert.deepEqual(await problemsAfter(() => rmSync(path)), [['big', 'missing']]);
  assert.deepEqual(
    await problemsAfter(() => {
      renameSync(path, join(folder, 'moved'));
      symlinkSync(join(folder, 'moved'), path);
    }),
    [['big', 'not-a-file']],
  );
});

test('without its layers a file is still checked by its root', async () => {
  restore();
  const bare = parseInfo(v2.infoBytes);
  writeFileSync(join(root, 'big'), randomBytes(big.length));
  const { problems } = await verifyTorrent(bare, root);
  assert.deepEqual(problems, [{ path: ['big'], problem: 'wrong-content', pieces: [] }]);
});

test('a hybrid whose halves describe different data is found out', async () => {
  restore();
  const { torrent } = await createTorrent(root);
  const { info, ...rest } = dictionary(decode(torrent));
  assert.ok(info);
  const pieces = Uint8Array.from(info.get('pieces')?.bytes() ?? []);
  pieces[25] = (pieces[25] as number) ^ 1; // in the second piece
  const forged = encode({ ...rest, info: { ...dictionary(info), pieces } });
  assert.deepEqual((await verifyTorrent(parseTorrent(forged), root)).problems, [
    { path: ['big'], problem: 'not-v1', pieces: [1] },
  ]);
});

test('a path where nothing is was mistyped', async () => {
  await assert.rejects(verifyTorrent(v2, join(folder, 'nowhere')), { code: 'no-such-path' });
});

/** A decoded dictionary with text for keys. */
function dictionary(node: BencodeNode): Record<string, BencodeNode> {
  return Object.fromEntries([...node.entries()].map(([key, value]) => [fromUtf8(key), value]));
}
