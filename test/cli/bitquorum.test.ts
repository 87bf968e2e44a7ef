import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { generateKey } from '../../src/statement/index.ts';

const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
const LOG_KEY = generateKey('log.test/1').vkey;
const NOWHERE = ['--tally', 'http://127.0.0.1:1', '--log-key', LOG_KEY];

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

test('what is written wrong is a matter of usage: exit code 2, the reason, nothing on standard output', async () => {
  const wrong: readonly (readonly [words: RegExp, ...args: string[]])[] = [
    [/unknown command 'nonsense'/, 'nonsense'],
    [/unknown command 'constructor'/, 'constructor'],
    [/unknown command '__proto__'/, '__proto__'],
    [/unknown option '--nonsense'/, 'get', '--nonsense'],
    [/missing required argument 'release'/, 'get'],
    [/give --tally URL/, 'get', 'pkg:npm/small@1.0.0'],
    [/--log-key: /, 'release', 'list', '--tally', 'http://127.0.0.1:1', '--log-key', 'x'],
    [
      /is no tally's address: give http\(s\)/,
      'release',
      'list',
      '--tally',
      'ftp://127.0.0.1',
      '--log-key',
      LOG_KEY,
    ],
    [/neither a canonical package URL/, 'get', 'pkg:npm/Small@1.0.0', ...NOWHERE],
    [/neither a canonical package URL/, 'release', 'show', 'small', ...NOWHERE],
  ];
  for (const [words, ...args] of wrong) {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, words);
    assert.equal(stdout, '');
  }
});

test('a reader that goes away ends a command without a stack trace', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual([code, stderr], [0, '']);
});
