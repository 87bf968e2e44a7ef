import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CodedError } from '../bytes/index.ts';
import type { PolicyRules } from '../statement/index.ts';
import { PolicyError, parsePolicyToml } from '../tally/index.ts';
import { contextOf } from './context.ts';
import { ofFile } from './of-file.ts';
import { policyText, warningsOf } from './policy-words.ts';
import { readSmallText } from './read-small.ts';

/** The commented policy file with the figures that hold where a file is silent. */
const DEFAULT_FILE = new URL('../../docs/default-policy.toml', import.meta.url);
const SCHEMA_FILE = new URL('../../docs/schemas/policy-file.v1.json', import.meta.url);

/** Adds `bitquorum policy check`, `default` and `schema`. */
export function addPolicyCommand(program: Command): void {
  const policy = program.command('policy').description('the rules by which a log is counted: one TOML file');

  policy
    .command('check')
    .description(
      'read a policy file and say what it comes to; exit code 1 when it says what no policy can say',
    )
    .argument('<file>', 'the policy (TOML), or - for standard input')
    .action(async (file: string, _flags: unknown, command: Command) => {
      const { output, signal } = contextOf(command);
      let text: string;
      let rules: PolicyRules;
      try {
        text = await readSmallText(file, 'policy', signal);
        rules = ofFile(file, () => parsePolicyToml(text));
      } catch (error) {
        if (error instanceof CodedError && output.json) {
          const { cause, message } = error;
          const problems = cause instanceof PolicyError ? cause.problems : [{ key: '', message }];
          output.result({ good: false, problems }, '');
        }
        throw error;
      }
      const digest = createHash('sha256').update(text).digest('hex');
      const warnings = warningsOf(rules);
      for (const warning of warnings) output.say(output.colors.yellow(`warning: ${warning}`));
      output.result({ good: true, digest, rules, warnings }, policyText(rules, digest));
    });

  policy
    .command('default')
    .description('print the documented policy file, with every key and the figures that hold by default')
    .action(async (_flags: unknown, command: Command) => {
      const { output, signal } = contextOf(command);
      const text = await readFile(DEFAULT_FILE, { encoding: 'utf8', signal });
      output.result({ toml: text }, text.trimEnd());
    });

  policy
    .command('schema')
    .description('print the JSON Schema of policy files')
    .action(async (_flags: unknown, command: Command) => {
      const { output, signal } = contextOf(command);
      const text = await readFile(SCHEMA_FILE, { encoding: 'utf8', signal });
      output.result(JSON.parse(text), text.trimEnd());
    });
}
