#!/usr/bin/env node
// The command `bitquorum` from a clone: sets up what is missing, then runs the command line on Node 24.
import { spawn } from 'node:child_process';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { productNode, setUp } from './setup.mjs';

setUp({ web: process.argv[2] === 'demo' || process.argv[2] === 'tally' });
// `npm run` moves to the top of the clone: paths in the arguments count from where the user stands.
if (process.env.npm_lifecycle_event === 'bitquorum' && process.env.INIT_CWD)
  process.chdir(process.env.INIT_CWD);
const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'cli', 'bitquorum.ts');
if (Number(process.versions.node.split('.')[0]) >= 24) {
  module.enableCompileCache();
  process.argv[1] = main;
  await import(main);
} else {
  const child = spawn(productNode(), [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : 1);
  });
}
