import { parse, TomlError } from 'smol-toml';
import { CodedError } from '../bytes/index.ts';
import { type PolicyRules, policyRules } from '../statement/browser.ts';
import { lineOf, tomlLines } from './toml-lines.ts';

/** A policy file that says something no policy can say. */
export class PolicyError extends CodedError<'bad-policy'> {}

const LONGEST_FILE = 64 * 1024;
const MOST_COMPLAINTS = 5;

/**
 * Reads a policy file: TOML, keys as in `PolicyRules`, what may be left out with its default; the commented
 * example is docs/default-policy.toml. Throws `bad-policy`; the message names each key that is wrong (at most
 * five), its line where it stands in the file, and why.
 */
export function parsePolicyToml(text: string): PolicyRules {
  if (text.length > LONGEST_FILE) {
    throw new PolicyError(
      'bad-policy',
      `a policy file has at most ${LONGEST_FILE} characters, not ${text.length}`,
    );
  }
  let table: unknown;
  try {
    table = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new PolicyError('bad-policy', `the policy is not TOML: ${cause.message}`, { cause });
  }
  const parsed = policyRules.safeParse(table);
  if (parsed.success) return parsed.data;
  const lines = tomlLines(text);
  const complaints = parsed.error.issues.slice(0, MOST_COMPLAINTS).map(({ path, message }) => {
    const line = lineOf(lines, path);
    const where = `${line === undefined ? '' : `line ${line}: `}${path.map(String).join('.') || 'policy'}`;
    return `${where}: ${message.replace(/^Invalid input: (.*), received undefined$/, 'it is missing, $1')}`;
  });
  throw new PolicyError('bad-policy', `the policy is refused: ${complaints.join('; ')}`, {
    cause: parsed.error,
  });
}
