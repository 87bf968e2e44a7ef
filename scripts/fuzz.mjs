// `npm run fuzz -- TARGET [--seconds N] [--minimise] [--glibc FOLDER]`: searches for inputs that break a target of
// test/fuzz, guided by coverage, and keeps what it finds beside the committed corpus. See docs/fuzzing.md.
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What the prebuilt part of jazzer.js is linked against. */
const GLIBC_NEEDED = '2.38';
const OLD_GLIBC = `jazzer.js needs glibc ${GLIBC_NEEDED}, which this system does not have. Run it on a newer one (Debian 13,
Ubuntu 24.04), or take a newer glibc just for it: unpack libc6, libstdc++6 and libgcc-s1 of such a release with
"dpkg-deb -x FILE FOLDER" into one folder outside this repository, and say "--glibc FOLDER". npm test needs none of
this: it replays the committed corpus.`;

const root = fileURLToPath(new URL('..', import.meta.url));
const targets = globSync('test/fuzz/targets/*.ts', { cwd: root })
  .map((path) => basename(path, '.ts'))
  .sort();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, minimise: { type: 'boolean' }, glibc: { type: 'string' } },
});
const [target = ''] = positionals;
const seconds = Number(values.seconds ?? '600');
if (!targets.includes(target) || positionals.length !== 1 || !Number.isInteger(seconds) || seconds < 1) {
  fail(`npm run fuzz -- TARGET [--seconds N] [--minimise] [--glibc FOLDER]\nTargets: ${targets.join(', ')}`);
}
const header = /** @type {any} */ (process.report.getReport()).header;
if (values.glibc === undefined && isOlder(header.glibcVersionRuntime ?? GLIBC_NEEDED)) fail(OLD_GLIBC);

const place = mkdtempSync(join(tmpdir(), 'bitquorum-fuzz-'));
const committed = join(root, 'test/fuzz/corpus', target);
const found = join(tmpdir(), 'bitquorum-fuzz-found', target);
for (const folder of [committed, found]) mkdirSync(folder, { recursive: true });
const status = values.minimise ? minimise() : search();
rmSync(place, { recursive: true, force: true });
process.exitCode = status;

/** A finding is written into the corpus, where npm test fails on it until it is mended. */
function search() {
  console.log(`New inputs go to ${found}; an input that breaks the target to ${committed}.`);
  return jazzer(
    [found, committed],
    [
      `-max_total_time=${seconds}`,
      `-artifact_prefix=${committed}/`,
      '-max_len=65536',
      '-timeout=20',
      '-rss_limit_mb=2048',
      '-print_final_stats=1',
    ],
  );
}

/** Puts in the corpus's place the smallest part of it, and of what was found, that covers as much. */
function minimise() {
  const smallest = join(place, 'corpus');
  mkdirSync(smallest);
  const code = jazzer([smallest, committed, found], ['-merge=1', '-max_len=65536']);
  const kept = readdirSync(smallest);
  if (code !== 0 || kept.length === 0) return code || 1;
  // What once broke a target stays, whatever it covers today.
  for (const name of readdirSync(committed)) {
    if (!/^(?:crash|timeout|oom)-/.test(name)) rmSync(join(committed, name));
  }
  for (const name of kept) copyFileSync(join(smallest, name), join(committed, name));
  return 0;
}

/**
 * @param {string[]} folders
 * @param {string[]} options
 */
function jazzer(folders, options) {
  const node = join(place, 'node');
  const { glibc } = values;
  const loader = glibc === undefined ? [] : loaderIn(glibc);
  const hook = new URL('fuzz-types.mjs', import.meta.url).href;
  const command = [...loader, process.execPath, '--no-warnings', `--import=${hook}`];
  writeFileSync(node, `#!/bin/sh\nexec ${command.map((part) => `'${part}'`).join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  const cli = fileURLToPath(import.meta.resolve('@jazzer.js/core').replace(/core\.js$/, 'cli.js'));
  const entry = join(root, 'scripts/fuzz-entry.mjs');
  const watched = ['--includes', join(root, 'src'), '--excludes', 'node_modules', '--sync'];
  const { status: code, error } = spawnSync(node, [cli, entry, ...watched, ...folders, '--', ...options], {
    stdio: 'inherit',
    env: { ...process.env, FUZZ_TARGET: target, FUZZ_NODE: node },
  });
  if (error) fail(`${node} cannot be started: ${error.message}`);
  return code ?? 1;
}

/** @param {string} folder */
function loaderIn(folder) {
  const [loader] = globSync('{lib,lib64,usr/lib,usr/lib64}/{,*/}ld-linux-*.so.*', { cwd: folder });
  const libraries = globSync('{lib,usr/lib}/*-linux-gnu', { cwd: folder }).map((path) => join(folder, path));
  if (!loader || libraries.length === 0) fail(`${folder} holds no unpacked libc6`);
  return [join(folder, loader), '--library-path', libraries.join(':')];
}

/** @param {string} version */
function isOlder(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = GLIBC_NEEDED.split('.').map(Number);
  return major < needMajor || (major === needMajor && minor < needMinor);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
