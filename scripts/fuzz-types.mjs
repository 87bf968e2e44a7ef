// Loaded before jazzer.js by scripts/fuzz.mjs. Its hook strips types before jazzer.js instruments a module for
// coverage: TypeScript as such it passes over, and would search blindly.
import { readFile } from 'node:fs/promises';
import { register, stripTypeScriptTypes } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  register(import.meta.url);
  // By this jazzer.js starts its own children when a corpus is minimised: with the same loader, and this hook.
  process.argv[0] = process.env['FUZZ_NODE'] ?? process.execPath;
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const source = stripTypeScriptTypes(await readFile(new URL(url), 'utf8'));
  return { format: 'module', shortCircuit: true, source };
}
