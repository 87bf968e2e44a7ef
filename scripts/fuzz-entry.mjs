// What jazzer.js is given: it takes no TypeScript file by name. FUZZ_TARGET names one of test/fuzz/targets.
import process from 'node:process';

const target = await import(`../test/fuzz/targets/${process.env['FUZZ_TARGET']}.ts`);

/** @param {Buffer} bytes */
export const fuzz = (bytes) => target.fuzz(new Uint8Array(bytes));
