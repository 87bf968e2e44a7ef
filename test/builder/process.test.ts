import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from './recipes.ts';

const INHERITED = 60;

test('what this process inherited open is closed to what it runs', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async (context) => {
  const folder = await temporaryFolder(context);
  const path = join(folder, 'secret');
  await writeFile(path, 'secret');
  await using secret = await open(path);
  const look = `console.log(require('node:fs').readlinkSync('/proc/self/fd/${INHERITED}'))`;
  const script = `
    const { runProcess } = await import(${JSON.stringify(new URL('../../src/builder/process.ts', import.meta.url).href)});
    const { tail } = await runProcess(process.execPath, ['-e', ${JSON.stringify(look)}], {
      cwd: '/', env: {}, signal: new AbortController().signal, timeoutSeconds: 20,
    });
    console.log(tail);`;
  const stdio = Array.from({ length: INHERITED + 1 }, (_, fd) => {
    if (fd === INHERITED) return secret.fd;
    return fd === 1 ? 'pipe' : 'ignore';
  });
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio });
  let seen = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  await once(child, 'close');
  assert.equal(seen.trim(), '/dev/null');
});
