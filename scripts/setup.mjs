// Makes a fresh clone ready: installs from the lock file and builds the dashboard, only when needed.
// Plain JavaScript with no dependency, because it runs before there are any, on the host's Node 20 or newer.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const installStamp = join(modules, '.bitquorum-install');
const webStamp = join(root, 'web', 'dist', '.built-from');
const windows = process.platform === 'win32';
const HOST_NODE_MAJOR = 20;
const NODE_MAJOR = 24;

const say = (text) => process.stderr.write(`setup: ${text}\n`);
const major = (version) => Number(version.replace(/^v/, '').split('.')[0]);

/** The Node that runs the product: the one that npm brought, or the host's when it is new enough. */
export function productNode() {
  const brought = join(modules, '.bin', windows ? 'node.cmd' : 'node');
  return existsSync(brought) ? brought : process.execPath;
}

/** Installs and builds what is missing. Ends the process with a reason and what to do when it cannot. */
export function setUp({ web = true } = {}) {
  if (major(process.version) < HOST_NODE_MAJOR) {
    fail(
      `Node ${process.version} is too old: install Node ${HOST_NODE_MAJOR} or newer, then run this again.`,
    );
  }
  install();
  if (web) buildWeb();
}

function install() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const wanted = createHash('sha256')
    .update(lock)
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (readText(installStamp) === wanted) return;
  const started = Date.now();
  say('installing what package-lock.json lists (once; about half a minute) …');
  const done = run(npmCommand(), ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  if (done.status !== 0) fail(explain(done));
  const version = run(productNode(), ['--version']).output.trim();
  if (major(version) < NODE_MAJOR) {
    fail(
      `npm has no Node ${NODE_MAJOR} for ${process.platform} ${process.arch}, and the host's is ${version}: ` +
        `install Node ${NODE_MAJOR} or newer, then run this again.`,
    );
  }
  writeFileSync(installStamp, wanted);
  say(`installed in ${Math.round((Date.now() - started) / 1000)} s; running on Node ${version}`);
}

function buildWeb() {
  const wanted = fingerprint(['web', 'src', 'package-lock.json']);
  if (readText(webStamp) === wanted) return;
  say('building the dashboard …');
  const done = run(productNode(), [
    join(modules, 'vite', 'bin', 'vite.js'),
    'build',
    'web',
    '--logLevel',
    'warn',
  ]);
  if (done.status !== 0) fail(`the dashboard did not build:\n${done.output.trim()}`);
  mkdirSync(dirname(webStamp), { recursive: true });
  writeFileSync(webStamp, wanted);
}

/** A digest over the names, sizes and times of all files below some places of the checkout. */
function fingerprint(places) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) {
      hash.update(`${path.slice(root.length)} ${stat.size} ${stat.mtimeMs}\n`);
      return;
    }
    for (const name of readdirSync(path).sort()) {
      if (name !== 'dist' && name !== 'node_modules') visit(join(path, name));
    }
  };
  for (const place of places) visit(join(root, place));
  return hash.digest('hex');
}

function npmCommand() {
  return windows ? 'npm.cmd' : 'npm';
}

/** Runs a program without a shell (a `.cmd` needs one on Windows); its output is kept for the reason. */
function run(command, args) {
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  if (command === npmCommand()) env.PATH = process.env.PATH ?? '';
  const shell = windows && command.endsWith('.cmd');
  const done = spawnSync(command, args, { cwd: root, env, shell, encoding: 'utf8', maxBuffer: 1 << 26 });
  return {
    status: done.status,
    output: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? `\n${done.error.message}` : ''}`,
  };
}

/** Says in one line why npm failed and what to do, above npm's own words. */
function explain({ output }) {
  const reasons = [
    [/ENOSPC/, 'there is no space left on this disk: free about 1 GB, then run this again.'],
    [
      /EACCES|EPERM|EROFS/,
      `this folder cannot be written: give yourself permission on ${root}, then run this again.`,
    ],
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|FETCH_ERROR|network/i,
      'the npm registry cannot be reached: check the network or the proxy settings of npm, then run this again.',
    ],
    [
      /EUSAGE|can only install packages when/,
      'package.json and package-lock.json disagree: run npm install and commit both.',
    ],
    [/ENOENT.*npm|spawnSync npm/, 'npm was not found: install Node with npm, then run this again.'],
    [
      /EINTEGRITY/,
      'a package does not have the digest in package-lock.json: do not use it; check the registry in use.',
    ],
  ];
  const reason = reasons.find(([pattern]) => pattern.test(output));
  const words = output.trim().split('\n').slice(0, 12).join('\n');
  return `${reason ? reason[1] : 'npm ci failed.'}\n${words}`;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function fail(text) {
  say(text);
  process.exit(1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) setUp();
