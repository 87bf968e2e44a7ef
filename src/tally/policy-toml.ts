import { parse, TomlError } from 'smol-toml';
import { CodedError } from '../bytes/index.ts';
import { type PolicyRules, policyRules } from '../statement/browser.ts';

/** A policy file that says something no policy can say. */
export class PolicyError extends CodedError<'bad-policy'> {}

const LONGEST_FILE = 64 * 1024;
const MOST_COMPLAINTS = 5;

/**
 * Reads a policy file (TOML, keys as in `PolicyRules`):
 *
 * ```toml
 * name = "demo"
 * demo = true
 * founders = ["5f…", "a1…", "07…"]
 * foundersQuorum = 2
 * panelSeats = 15
 * minimumVotes = 3
 * panelMargin = [2, 3]
 * foundersMargin = [2, 3]
 * heartbeatSeconds = 600
 * [windows]
 * commitFloorSeconds = 86400
 * voteFloorSeconds = 259200
 * [[publishers]]
 * prefix = "pkg:npm/%40noble/"
 * keys = ["c4…"]
 * ```
 *
 * Throws `bad-policy`; the message names each field that is wrong (at most five) and why.
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
  const complaints = parsed.error.issues
    .slice(0, MOST_COMPLAINTS)
    .map(({ path, message }) => `${path.map(String).join('.') || 'policy'}: ${message}`);
  throw new PolicyError('bad-policy', `the policy is refused: ${complaints.join('; ')}`, {
    cause: parsed.error,
  });
}
