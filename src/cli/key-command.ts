import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isKeyName } from '../note/index.ts';
import { generateKey, readKeyFile, type Signer, writeKeyFile } from '../statement/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';

/** Adds `bitquorum key new` and `bitquorum key show`. The private key itself is never printed. */
export function addKeyCommand(program: Command): void {
  const key = program.command('key').description('make and show the keys that sign statements');

  key
    .command('new')
    .description('make an Ed25519 key; its file is readable by you alone')
    .option('--name <name>', 'name of the key, such as example.com/builder', 'builder')
    .option('--out <file>', 'new file for the private key (default: the name, with .key after it)')
    .action(async (options: { name: string; out?: string }, command: Command) => {
      const { output } = contextOf(command);
      if (!isKeyName(options.name)) {
        throw new UsageError(
          `--name ${JSON.stringify(options.name)}: give 1 to 255 bytes without spaces or "+"`,
        );
      }
      const path = resolve(options.out ?? `${fileNameOf(options.name)}.key`);
      const made = generateKey(options.name);
      await writeKeyFile(path, made);
      output.say('Keep this file secret and keep a copy: nobody can make it again.');
      output.result({ ...publicPart(made), path }, `${made.vkey}\n${path}`);
    });

  key
    .command('show')
    .description('print the public part of a private key file')
    .argument('<file>', 'private key file made by `bitquorum key new`')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { output } = contextOf(command);
      const shown = await readKeyFile(file);
      output.result({ ...publicPart(shown), path: resolve(file) }, shown.vkey);
    });
}

function publicPart({ vkey, key, name }: Signer): { vkey: string; key: string; name: string } {
  return { vkey, key, name };
}

/** A key's name as the name of a file: its last path element, other signs replaced. */
function fileNameOf(name: string): string {
  const last = name.split('/').findLast((part) => part !== '') ?? 'builder';
  return last.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
}
