import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * A folder that goes when the process of the test file ends. Hooks of one test run in the order in which they were set,
 * so that one which removes the folder would run while the test's services still write into it.
 */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `bitquorum-${name}-`));
  folders.push(folder);
  return folder;
}
