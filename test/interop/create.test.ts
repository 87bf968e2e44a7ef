// `createTorrent` against libtorrent's create_torrent at its defaults, over a generated matrix of trees.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type BencodeNode, decode, encode } from '../../src/bencode/index.ts';
import { fromUtf8 } from '../../src/bytes/index.ts';
import { assertCanonical, createTorrent, type Profile, parseTorrent } from '../../src/torrent/index.ts';
import { needs, programOf } from '../support/needs.ts';
import { trees, writeTree } from './trees.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-create-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  readonly path: string;
  readonly profile: Profile;
  readonly torrent: string;
}

/** What libtorrent makes of each path, by one process: path and profile to the torrent's bytes. */
async function libtorrentMakes(paths: readonly string[]): Promise<Map<string, Uint8Array>> {
  const script = fileURLToPath(new URL('./create_torrents.py', import.meta.url));
  const child = spawn(programOf('libtorrent'), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(240_000) });
  child.stdin.end(paths.map((path) => `${path}\n`).join(''));
  const made = new Map<string, Uint8Array>();
  for await (const line of createInterface({ input: child.stdout })) {
    const { path, profile, torrent } = JSON.parse(line) as Made;
    made.set(`${profile} ${path}`, Buffer.from(torrent, 'hex'));
  }
  assert.deepEqual(await ended, [0, null], 'libtorrent made them all');
  return made;
}

/**
 * libtorrent's torrent without its `creation date`, the one thing outside `info` that the canonical form leaves
 * out. Everything else is compared, byte for byte: the whole info dictionary and the piece layers.
 */
function undated(torrent: Uint8Array): Uint8Array {
  const entries = new Map<string, BencodeNode>();
  for (const [key, value] of decode(torrent).entries()) entries.set(fromUtf8(key), value);
  assert.ok(entries.delete('creation date'));
  assert.deepEqual([...entries.keys()], ['info', 'piece layers']);
  return encode(entries);
}

test('torrents are byte-identical to those of libtorrent', { skip: needs('libtorrent') }, async (context) => {
  const matrix = trees();
  const paths = [...matrix].map(([name, tree]) => {
    const path = join(folder, name);
    writeTree(path, tree);
    return path;
  });
  assert.ok(matrix.size >= 200, `${matrix.size} trees`);
  const expected = await libtorrentMakes(paths);
  const different: string[] = [];
  for (const path of paths) {
    for (const profile of ['hybrid', 'v2'] as const) {
      const { torrent, metainfo } = await createTorrent(path, { profile });
      const theirs = undated(expected.get(`${profile} ${path}`) as Uint8Array);
      if (!Buffer.from(torrent).equals(theirs)) different.push(`${profile} ${path}`);
      const parsed = parseTorrent(torrent);
      assertCanonical(parsed);
      assert.deepEqual(parsed.infoHashV2, metainfo.infoHashV2, path);
      assert.equal(parsed.isTree, metainfo.isTree, path);
    }
  }
  assert.deepEqual(different, []);
  context.diagnostic(`${matrix.size} trees in both profiles`);
});
