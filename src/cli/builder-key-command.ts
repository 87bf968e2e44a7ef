import { resolve } from 'node:path';
import type { Command } from 'commander';
import { revokeBuilder, rotateKey } from '../builder/index.ts';
import { printable } from '../bytes/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import { addTallyOptions, type TallyArguments, tallyOf } from './tally-options.ts';

interface RotateArguments extends TallyArguments {
  readonly data: string;
  readonly out: string;
  readonly builder?: string;
}

interface RevokeArguments extends TallyArguments {
  readonly key: string;
  readonly reason: string;
  readonly builder?: string;
}

const WHICH = "the builder's first key, if several committed to the same next one";

/** Adds `rotate` and `revoke` to `bitquorum builder`. */
export function addBuilderKeyCommands(builder: Command): void {
  const rotate = builder
    .command('rotate')
    .description(
      'give a builder the next key it committed to; the old one is not needed: it may be lost or stolen',
    )
    .requiredOption('--data <dir>', "the builder's data folder, with its next.key; stop the builder first")
    .requiredOption('--out <file>', 'file for the key that it has from now on')
    .option('--builder <key>', WHICH);
  addTallyOptions(rotate).action(rotateAction);
  const revoke = builder
    .command('revoke')
    .description('end a builder for ever: from now on it counts nowhere')
    .requiredOption('--key <file>', "the builder's private key, or the next.key of its data folder")
    .requiredOption('--reason <text>', 'why, in one public line')
    .option('--builder <key>', WHICH);
  addTallyOptions(revoke).action(revokeAction);
}

async function rotateAction(args: RotateArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const out = resolve(args.out);
  const options = { ...check, ...builderOf(args) };
  const rotated = await rotateKey(client, resolve(args.data), out, options);
  output.say(
    `From now on run the builder with --key ${printable(args.out)}; it has no weight until the key has cooled.`,
  );
  const where = rotated.index === null ? 'was logged before' : `entry ${rotated.index}`;
  output.result(
    { ...rotated, path: out },
    `builder ${rotated.builder}\nhas the key ${rotated.key}, ${where}`,
  );
}

async function revokeAction(args: RevokeArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { client, check } = tallyOf(args, signal);
  const signer = await readKeyFile(args.key);
  const revoked = await revokeBuilder(client, signer, args.reason, { ...check, ...builderOf(args) });
  output.result(revoked, `builder ${revoked.builder}\nis revoked, entry ${revoked.index}`);
}

function builderOf({ builder }: { readonly builder?: string }): { readonly builder?: string } {
  if (builder === undefined) return {};
  if (/^[0-9a-f]{64}$/.test(builder)) return { builder };
  throw new UsageError(`--builder ${JSON.stringify(builder.slice(0, 80))}: give 64 lower-case hex digits`);
}
