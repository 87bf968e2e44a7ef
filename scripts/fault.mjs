// `npm run fault [-- ROUNDS]`: ends processes that log and that cosign at random moments, a thousand times each unless told,
// and looks for entries lost, forks and rollbacks. `npm test` does the same in few rounds.
import { spawnSync } from 'node:child_process';
import { setUp } from './setup.mjs';

const [rounds = '1000'] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(rounds)) {
  console.error(`npm run fault -- ROUNDS: ${JSON.stringify(rounds)} is no number of rounds`);
  process.exit(2);
}
setUp({ web: false });
const { status } = spawnSync(
  'node',
  [
    '--test',
    '--test-concurrency=1',
    'test/fault/kill.test.ts',
    'test/fault/witnessed-kill.test.ts',
    'test/witness/kill.test.ts',
  ],
  { stdio: 'inherit', env: { ...process.env, BITQUORUM_KILL_ROUNDS: rounds } },
);
process.exitCode = status ?? 1;
