// `npm test [-- FILE…]`: runs the tests, all of them or the named files, with node's own test runner.
import { spawnSync } from 'node:child_process';
import { setUp } from './setup.mjs';

setUp();

const named = process.argv.slice(2);
const files = named.length > 0 ? named : ['test/**/*.test.ts'];
const { status } = spawnSync(
  'node',
  [
    '--test',
    '--test-concurrency=2',
    '--test-timeout=300000',
    '--disable-warning=ExperimentalWarning',
    ...files,
  ],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
