// `npm run check`: types, lint, format, floors and unused code. Runs them all, then fails if one failed.
import { spawnSync } from 'node:child_process';
import { setUp } from './setup.mjs';

setUp({ web: false });

/** @type {[name: string, command: string, args: string[]][]} */
const checks = [
  ['types', 'tsc', ['--project', 'tsconfig.json']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['format', 'biome', ['ci', '--colors=off', '.']],
  ['floors', 'node', ['scripts/floors.ts']],
  ['unused', 'knip', ['--no-progress']],
];

let failed = 0;
for (const [name, command, args] of checks) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`check ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
