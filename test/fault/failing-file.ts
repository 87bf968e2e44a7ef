import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';

/** What failing-file.c lets fail, and how: `dying` is `after`, and nothing is written any more until it is over. */
export type FileCall = 'write' | 'sync' | 'rename';
export type FileFault = 'before' | 'after' | 'dying';

/**
 * Lets the next such call on a file whose path contains `part` fail while `work` runs; fails itself when none came. Only for
 * processes in which failing-file.c is loaded.
 */
export async function withFault<Value>(
  [call, fault, part]: readonly [FileCall, FileFault, string],
  work: () => Promise<Value>,
): Promise<Value> {
  const order = process.env['FAULT_ORDER'];
  assert.ok(order !== undefined);
  writeFileSync(order, `${call} ${fault} ${part}\n`);
  try {
    const value = await work();
    return value;
  } finally {
    const wasThere = removeOrder(order);
    assert.equal(wasThere, fault === 'dying', `${call} ${part} failed as ordered`);
  }
}

/** Whether the order was still there. */
function removeOrder(order: string): boolean {
  try {
    rmSync(order);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
