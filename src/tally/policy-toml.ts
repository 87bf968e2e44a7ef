import { parse, TomlError } from 'smol-toml';
import { CodedError } from '../bytes/index.ts';
import { type PolicyRules, policyRules } from '../statement/browser.ts';
import { lineOf, tomlLines } from './toml-lines.ts';

/** One thing that a policy file says and no policy can say. */
export interface PolicyProblem {
  /** Line of the file, from 1, where it is known. */
  readonly line?: number;
  /** The key, such as `windows.voteFloorSeconds`; empty for the whole file. */
  readonly key: string;
  readonly message: string;
}

/** A policy file that says something no policy can say. */
export class PolicyError extends CodedError<'bad-policy'> {
  /** All that is wrong, in the order of the keys. */
  readonly problems: readonly PolicyProblem[];

  constructor(start: string, problems: readonly PolicyProblem[], options?: ErrorOptions) {
    const some = problems.slice(0, MOST_COMPLAINTS).map(wordsOf);
    const more = problems.length > some.length ? `; and ${problems.length - some.length} more` : '';
    super('bad-policy', `${start}${some.join('; ')}${more}`, options);
    this.problems = problems;
  }
}

const LONGEST_FILE = 64 * 1024;
const MOST_COMPLAINTS = 5;

/**
 * Reads a policy file: TOML, keys as in `PolicyRules`, what may be left out with its default; the commented
 * example is docs/default-policy.toml. Throws `bad-policy`; the message names each key that is wrong (at most
 * five), its line where it stands in the file, and why.
 */
export function parsePolicyToml(text: string): PolicyRules {
  if (text.length > LONGEST_FILE) {
    const message = `a policy file has at most ${LONGEST_FILE} characters, not ${text.length}`;
    throw new PolicyError('', [{ key: '', message }]);
  }
  const parsed = policyRules.safeParse(tableOf(text));
  if (parsed.success) return parsed.data;
  const lines = tomlLines(text);
  const problems = parsed.error.issues.map(({ path, message }) => {
    const line = lineOf(lines, path);
    return {
      ...(line !== undefined && { line }),
      key: path.map(String).join('.'),
      message: message.replace(/^Invalid input: (.*), received undefined$/, 'it is missing, $1'),
    };
  });
  throw new PolicyError('the policy is refused: ', problems, { cause: parsed.error });
}

function tableOf(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [message = ''] = cause.message.split('\n');
    throw new PolicyError('the policy is not TOML: ', [{ line: cause.line, key: '', message }], { cause });
  }
}

function wordsOf({ line, key, message }: PolicyProblem): string {
  const words = key === '' ? message : `${key}: ${message}`;
  return line === undefined ? words : `line ${line}: ${words}`;
}
