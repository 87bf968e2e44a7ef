import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/cli/demo/report.ts';
import { getWithLibtorrent } from '../interop/libtorrent-peer.ts';
import { getWithQbittorrent } from '../interop/qbittorrent-peer.ts';
import { needs } from '../support/needs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const REGISTRY_SHA256 = '638ffb3053a7e7478c9e54a6e297f3601299ee570a41112e501af7050d086a0a';

/** The main job as `npm start` runs it, with a network that stays up while the tests ask it things. */
describe('the demonstration', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-demo-'));
  let child: ChildProcess;
  let words = '';
  let report: Report;

  before(async () => {
    const args = ['scripts/bitquorum.mjs', 'demo', '--json', '--data', join(folder, 'demo')];
    child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the demonstration ended too early:\n${words}`);
    });
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    ended.catch(() => undefined); // it ends when the last test says so
    report = JSON.parse(line) as Report;
  });

  after(() => {
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('three honest builders win; the backdoor stands alone; a copied vote counts for nothing', () => {
    assert.equal(report.release, 'pkg:npm/%40noble/hashes@2.0.1');
    assert.equal(report.state, 'final');
    assert.deepEqual(
      report.groups.map(({ counted, builders }) => [counted, builders.map(({ name }) => name).toSorted()]),
      [
        [3, ['ada', 'echo', 'grace', 'linus']],
        [1, ['mallory']],
      ],
    );
    assert.equal(report.winner?.infoHashV2, report.groups[0]?.infoHashV2);
    assert.equal(report.winner?.seeders, 3, 'the mirror seeds too, and is no reputable seeder');
    const echo = report.groups[0]?.builders.find(({ name }) => name === 'echo');
    assert.equal(echo?.status, 'not counted');
    assert.match(echo?.reason ?? '', /without a commitment before close/);
  });

  test('the public tarball that the mirror commits passes, and the output says what that means', () => {
    const { secondRound } = report;
    assert.equal(secondRound.state, 'final');
    const winners = secondRound.groups[0]?.builders ?? [];
    assert.deepEqual(winners.map(({ name }) => name).toSorted(), ['ada', 'echo', 'grace', 'linus']);
    assert.ok(winners.every(({ status }) => status === 'counts'));
    assert.match(secondRound.note, /Commitments alone cannot catch this.*Canary/s);
    assert.match(words, /Commitments alone cannot catch this/);
  });

  test("what the client downloaded is the registry's own tarball", () => {
    assert.deepEqual([report.download.sha256, report.download.matchesRegistry], [REGISTRY_SHA256, true]);
    assert.equal(sha256(report.download.path), REGISTRY_SHA256);
  });

  test('the dashboard is served', async () => {
    const page = await fetch(report.dashboard);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>bitquorum/);
  });

  test('libtorrent gets the same file from the magnet link', {
    skip: needs('libtorrent'),
  }, async (context) => {
    const saveFolder = await getWithLibtorrent(context, {
      listen: '127.0.31.1:0',
      folder: join(folder, 'libtorrent'),
      magnet: report.magnet,
      seconds: 20,
    });
    assert.equal(sha256(join(saveFolder, 'noble-hashes-2.0.1.tgz')), REGISTRY_SHA256);
  });

  test('qBittorrent gets the same file from the magnet link', {
    skip: needs('qbittorrent'),
  }, async (context) => {
    const saveFolder = await getWithQbittorrent(context, {
      magnet: report.magnet,
      folder: join(folder, 'qbittorrent'),
    });
    assert.equal(sha256(join(saveFolder, 'noble-hashes-2.0.1.tgz')), REGISTRY_SHA256);
  });

  test('Ctrl-C ends the network cleanly', async () => {
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    await assert.rejects(fetch(report.dashboard));
  });
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
