import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { BOTH_WAYS, runScript } from './recipes.ts';

const REPORT = `
import { mkdirSync, readdirSync, readFileSync, writeFileSync, statSync } from 'node:fs';
writeFileSync('probe', '');
const { HOME, TMPDIR, PATH, PWD, OLDPWD, SHLVL, _, ...environment } = process.env;
writeFileSync('out/a.txt', JSON.stringify({
  environment, args: process.argv.slice(2), folder: readdirSync('.').sort(),
  source: readFileSync('source/hello.txt', 'utf8'), mode: statSync('probe').mode & 0o777,
  home: readdirSync(HOME), cwd: process.cwd(),
}));
`;
const HOSTILE_ARGUMENTS = ['; touch /tmp/owned', '$(id)', '`id`', '&& false', "' || id", '*', '\n', '--', ''];

/** What a step may leave so that looking at it, or cleaning up, fails. */
const TRAPS: readonly (readonly [name: string, code: string, script: string])[] = [
  [
    'folders nested deeper than any path is long',
    'limit',
    `for (let depth = 0; depth < 3000; depth += 1) { mkdirSync('dddddddddd'); process.chdir('dddddddddd'); }`,
  ],
  [
    'an output whose names are no UTF-8',
    'bad-output',
    `mkdirSync('out/a.txt'); writeFileSync(Buffer.from('out/a.txt/\\xff', 'latin1'), '');`,
  ],
  [
    'a disk filled below a name that is no UTF-8',
    'limit',
    `const name = Buffer.from('out/\\xff', 'latin1');
     mkdirSync(name); writeFileSync(Buffer.concat([name, Buffer.from('/a')]), Buffer.alloc(3 << 20));
     writeFileSync('out/a.txt', '');`,
  ],
];

for (const sandbox of BOTH_WAYS) {
  const skip = sandbox === 'when-there' && needs('bubblewrap');
  const way = sandbox === 'never' ? 'unsandboxed' : 'sandboxed';

  test(`${way}: an empty folder, a fixed environment, and arguments that stay data`, {
    skip,
  }, async (context) => {
    process.env['BITQUORUM_TEST_SECRET'] = 'secret';
    context.after(() => delete process.env['BITQUORUM_TEST_SECRET']);
    const before = process.umask(0o077);
    context.after(() => process.umask(before));
    const small = { script: REPORT, args: HOSTILE_ARGUMENTS, extra: 'environment = { A = "$HOME;x" }' };
    const { result } = await runScript(context, small, { sandbox });
    const { path, name, sandboxed } = await result;
    assert.equal(name, 'a.txt');
    assert.equal(sandboxed, sandbox === 'when-there');
    const { cwd, ...seen } = JSON.parse(await readFile(path, 'utf8'));
    assert.deepEqual(seen, {
      environment: {
        A: '$HOME;x',
        SOURCE_DATE_EPOCH: '1',
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        NODE_OPTIONS: '--max-old-space-size=2048',
      },
      args: HOSTILE_ARGUMENTS,
      folder: ['make.mjs', 'out', 'probe', 'source'],
      source: 'hello',
      mode: 0o644,
      home: [],
    });
    if (sandboxed) assert.equal(cwd, '/build');
  });

  test(`${way}: an endless step is stopped with all it started, and nothing is left`, {
    skip,
  }, async (context) => {
    const marker = `endless-${process.pid}-${way}`;
    const script = `
      import { spawn } from 'node:child_process';
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '${marker}'], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    const started = performance.now();
    const small = { script, extra: 'limits = { seconds = 1 }' };
    const { result, leftovers } = await runScript(context, small, { sandbox });
    await assert.rejects(result, { code: 'limit', message: /step "make" was stopped.*seconds = 1/ });
    assert.ok(performance.now() - started < 10_000);
    assert.deepEqual(await processesWith(marker), []);
    assert.deepEqual(await leftovers(), []);
  });

  test(`${way}: an abort ends a running step`, { skip }, async (context) => {
    const controller = new AbortController();
    const small = { script: 'setInterval(() => {}, 1000);' };
    const { result, leftovers } = await runScript(context, small, { sandbox, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await assert.rejects(result, /enough/);
    assert.deepEqual(await leftovers(), []);
  });

  test(`${way}: a step that fails is told with its last lines, made printable`, { skip }, async (context) => {
    const script = `for (let i = 0; i < 5000; i += 1) console.log('line ' + i);
      console.error('\\u001b[31mthe reason\\u001b[0m\\u0007'); process.exitCode = 7;`;
    const { result, leftovers } = await runScript(context, { script }, { sandbox });
    await assert.rejects(result, (error: Error & { code: string }) => {
      assert.equal(error.code, 'step-failed');
      assert.match(error.message, /step "make" ended with 7:[^]*the reason/);
      for (const control of ['\u001B', '\u0007']) assert.ok(!error.message.includes(control));
      assert.ok(error.message.length < 4000);
      return true;
    });
    assert.deepEqual(await leftovers(), []);
  });

  for (const [name, output, script, words] of [
    ['no output', 'out/a.txt', '', /made no out\/a\.txt/],
    ['a link as output', 'out/a.txt', `symlinkSync('/etc/hostname', 'out/a.txt')`, /reached through a link/],
    [
      'a link on the way',
      'out/a.txt',
      `rmdirSync('out'); symlinkSync('/etc', 'out')`,
      /no out|through a link/,
    ],
    ['a link in a folder', 'out/d', `mkdirSync('out/d'); symlinkSync('/etc', 'out/d/x')`, /a link, device/],
    ['a hard link', 'out/d', `mkdirSync('out/d'); linkSync('make.mjs', 'out/d/x')`, /several names/],
  ] as const) {
    test(`${way}: ${name} is refused`, { skip }, async (context) => {
      const imports = `import { linkSync, mkdirSync, rmdirSync, symlinkSync } from 'node:fs';`;
      const { result, leftovers } = await runScript(
        context,
        { script: `${imports}${script}`, output },
        { sandbox },
      );
      await assert.rejects(result, { code: 'bad-output', message: words });
      assert.deepEqual(await leftovers(), []);
    });
  }

  test(`${way}: too much output and too full a disk are refused`, { skip }, async (context) => {
    const script = `import { writeFileSync } from 'node:fs'; writeFileSync('out/a.txt', Buffer.alloc(3 << 20));`;
    for (const [limit, words] of [
      ['outputMiB', /output is larger than outputMiB = 2/],
      ['diskMiB', /filled diskMiB = 2/],
    ] as const) {
      const { result } = await runScript(
        context,
        { script, extra: `limits = { ${limit} = 2 }` },
        { sandbox },
      );
      await assert.rejects(result, { code: 'limit', message: words });
    }
  });

  for (const [name, code, script] of TRAPS) {
    test(`${way}: ${name}: an error of the release, and nothing is left`, { skip }, async (context) => {
      const small = {
        script: `import { mkdirSync, writeFileSync } from 'node:fs';\n${script}`,
        extra: 'limits = { diskMiB = 2 }',
      };
      const { result, leftovers } = await runScript(context, small, { sandbox });
      await assert.rejects(result, { name: 'BuilderError', code });
      assert.deepEqual(await leftovers(), []);
    });
  }

  test(`${way}: a folder as output is named for the release, its modes made plain`, {
    skip,
  }, async (context) => {
    const script = `import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
      mkdirSync('out/tree/deep', { recursive: true }); writeFileSync('out/tree/deep/x', 'x');
      writeFileSync('out/tree/run', '#'); chmodSync('out/tree/run', 0o4777);`;
    const { result } = await runScript(context, { script, output: 'out/tree' }, { sandbox });
    const { path, name } = await result;
    assert.equal(name, 'small-1.0.0');
    assert.equal(await readFile(join(path, 'deep/x'), 'utf8'), 'x');
    assert.equal((await stat(join(path, 'run'))).mode & 0o7777, 0o755);
  });
}

test('the sandbox shows no network, no host files, no other processes, and no way back', {
  skip: needs('bubblewrap'),
}, async (context) => {
  const server = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const script = `
    import { existsSync, readdirSync, writeFileSync } from 'node:fs';
    import { connect } from 'node:net';
    import { spawnSync } from 'node:child_process';
    const network = await new Promise((resolve) => {
      connect(${port}, '127.0.0.1').on('connect', () => resolve('reached')).on('error', (e) => resolve(e.code));
    });
    const tryWrite = (path) => { try { writeFileSync(path, 'x'); return 'written'; } catch (e) { return e.code; } };
    const fill = (path) => {
      try { writeFileSync(path, Buffer.alloc(300 << 20)); return 'filled'; } catch (e) { return e.code; }
    };
    writeFileSync('out/a.txt', JSON.stringify({
      full: ['/tmp/x', '/dev/shm/x', '/dev/x'].map(fill),
      network, root: readdirSync('/').filter((n) => !n.startsWith('lib') && !n.endsWith('bin')).sort(),
      processes: readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)).length < 6,
      writes: ['/usr/x', '/tools/bin/node', '/etc/passwd'].map(tryWrite),
      secrets: ['/root', '/home', '/etc/passwd', '/var', '/run'].filter((path) => existsSync(path)),
      user: process.getuid(), nested: spawnSync('unshare', ['--user', 'true']).status === 0,
    }));`;
  const { result } = await runScript(context, { script }, { sandbox: 'when-there', trusted: false });
  const { path } = await result;
  const seen = JSON.parse(await readFile(path, 'utf8'));
  assert.deepEqual(seen, {
    full: ['ENOSPC', 'ENOSPC', 'EROFS'],
    network: 'ECONNREFUSED',
    root: ['build', 'dev', 'etc', 'proc', 'tmp', 'tools', 'usr'],
    processes: true,
    secrets: [],
    user: 1000,
    nested: false,
    writes: ['EROFS', 'EROFS', 'EROFS'],
  });
});

test('without a sandbox nothing is run unless the user trusts the release', async (context) => {
  const { result, leftovers } = await runScript(context, { script: REPORT }, { trusted: false });
  await assert.rejects(result, { code: 'not-trusted', message: /no sandbox.*--trust-release/ });
  assert.deepEqual(await leftovers(), []);
});

test('a bubblewrap that cannot make a sandbox is as good as none', async (context) => {
  const { folder, result } = await runScript(context, { script: REPORT });
  await result;
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(folder, 'bwrap'), '#!/bin/sh\necho "bwrap: no namespaces" >&2; exit 1\n');
  await chmod(join(folder, 'bwrap'), 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  context.after(() => {
    process.env['PATH'] = before;
  });
  const second = await runScript(context, { script: REPORT }, { sandbox: 'when-there', trusted: false });
  await assert.rejects(second.result, { code: 'not-trusted', message: /bwrap: no namespaces/ });
});

test('a source that would write outside the build folder stops the rebuild', async (context) => {
  const { recipe, folder } = await runScript(context, { script: REPORT });
  const { rebuild } = await import('../../src/builder/index.ts');
  const { craftArchive, putInCache } = await import('./archive.ts');
  const cacheFolder = join(folder, 'cache');
  const integrity = await putInCache(
    cacheFolder,
    craftArchive([{ path: 'package/../../../x', content: 'x' }]),
  );
  const hostile = { ...recipe, sources: [{ name: 'x', npm: 'x@1.0.0', integrity, unpack: 'source' }] };
  await assert.rejects(
    rebuild(hostile, {
      cacheFolder,
      outputFolder: join(folder, 'second'),
      trusted: true,
      signal: new AbortController().signal,
    }),
    { code: 'unsafe-archive' },
  );
});

/** Ids of the processes whose command line holds a text; none where there is no /proc. */
async function processesWith(marker: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of await readdir('/proc').catch(() => [])) {
    const commandLine = /^\d+$/.test(id) && (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
    if (commandLine !== false && commandLine.includes(marker)) found.push(id);
  }
  return found;
}

test('files of a recipe that stand in each other’s way are its fault', async (context) => {
  const files = ['a', 'a/b'].map((path) => `[[files]]\npath = "${path}"\ntext = ""\n`).join('');
  const { result, leftovers } = await runScript(context, { extra: '' }, { sandbox: 'never', files });
  await assert.rejects(result, { name: 'BuilderError', code: 'bad-recipe', message: /are to be at a$/ });
  assert.deepEqual(await leftovers(), []);
});
