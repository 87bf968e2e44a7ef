import { fromUtf8, TextFormError, toHex } from '../bytes/index.ts';
import { type CosignerKey, parseCosignerVkey } from './cosignature.ts';
import { NoteError } from './errors.ts';
import { badVkey, parseTypedVkey } from './typed-vkey.ts';

/** Which logs and witnesses are known, and whose cosignatures make a checkpoint valid (C2SP tlog-policy). */
export interface TlogPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly quorum: QuorumRule;
}

export interface PolicyLog {
  /** Type 0x01 (Ed25519) or 0x06 (ML-DSA-44). */
  readonly vkey: string;
  readonly url?: string;
}

export interface PolicyWitness {
  /** Its name in this file; octets of 0x80 and more stand as U+0080 to U+00FF. */
  readonly name: string;
  readonly vkey: string;
  readonly key: CosignerKey;
  /** The witness's submission prefix (C2SP tlog-witness). */
  readonly url?: string;
}

/** Met when at least `least` of the members are; a quorum of nobody has `least` 0. */
export interface QuorumRule {
  readonly least: number;
  readonly members: readonly (PolicyWitness | QuorumRule)[];
}

export interface TlogPolicyLimits {
  readonly bytes: number;
  readonly logs: number;
  readonly witnesses: number;
  readonly groups: number;
}

/** Twice what the specification asks for, with keys of ML-DSA-44. */
export const TLOG_POLICY_LIMITS: TlogPolicyLimits = {
  bytes: 512 * 1024,
  logs: 64,
  witnesses: 64,
  groups: 64,
};

const NONE = 'none';
const NOBODY: QuorumRule = { least: 0, members: [] };
const LOG_TYPES: ReadonlyMap<number, number> = new Map([
  [0x01, 32],
  [0x06, 1312],
]);

/**
 * Reads a trust policy:
 *
 * ```text
 * # comment
 * log <vkey> [<url>]
 * witness <name> <vkey> [<url>]
 * group <name> all|any|<k> <name>...
 * quorum <name>|none
 * ```
 *
 * Throws `bad-policy` with the line's number, and `too-large`.
 */
export function parseTlogPolicy(
  bytes: Uint8Array,
  limits: TlogPolicyLimits = TLOG_POLICY_LIMITS,
): TlogPolicy {
  if (bytes.length > limits.bytes) {
    throw new NoteError('too-large', `a trust policy of ${bytes.length} bytes exceeds ${limits.bytes}`);
  }
  const reader = new PolicyReader(limits);
  for (const [at, line] of octets(bytes).split('\n').entries()) {
    try {
      reader.take(line);
    } catch (cause) {
      if (!(cause instanceof NoteError)) throw cause;
      throw new NoteError('bad-policy', `line ${at + 1} of the trust policy: ${cause.message}`, { cause });
    }
  }
  return reader.end();
}

/** Whether those witnesses that `hasCosigned` says yes to are enough. */
export function meetsQuorum(rule: QuorumRule, hasCosigned: (witness: PolicyWitness) => boolean): boolean {
  const met = rule.members.filter((member) =>
    'vkey' in member ? hasCosigned(member) : meetsQuorum(member, hasCosigned),
  );
  return met.length >= rule.least;
}

class PolicyReader {
  readonly #limits: TlogPolicyLimits;
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #named = new Map<string, PolicyWitness | QuorumRule>();
  /** Names that are a member of some group already. */
  readonly #taken = new Set<string>();
  readonly #keys = new Set<string>();
  #groups = 0;
  #quorum: QuorumRule | undefined;

  constructor(limits: TlogPolicyLimits) {
    this.#limits = limits;
  }

  take(line: string): void {
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (keyword === undefined || keyword.startsWith('#')) return;
    if (keyword === 'log') this.#log(words);
    else if (keyword === 'witness') this.#witness(words);
    else if (keyword === 'group') this.#group(words);
    else if (keyword === 'quorum') this.#setQuorum(words);
    else throw refusal(`${shown(keyword)} is none of log, witness, group, quorum`);
  }

  end(): TlogPolicy {
    if (this.#quorum === undefined) throw refusal('the trust policy has no quorum line');
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum };
  }

  #log([vkey, url, ...more]: readonly string[]): void {
    if (vkey === undefined || more.length > 0) throw refusal('a log is: log <vkey> [<url>]');
    this.#bound(this.#logs.length, this.#limits.logs, 'logs');
    const text = keyText(vkey);
    const { type, publicKey } = parseTypedVkey(text);
    if (LOG_TYPES.get(type) !== publicKey.length) {
      throw badVkey(text, 'it is no key of a log: Ed25519 (type 1) or ML-DSA-44 (type 6)');
    }
    this.#once(`log ${toHex(publicKey)}`, 'log');
    this.#logs.push({ vkey: text, ...(url !== undefined && { url: keyText(url) }) });
  }

  #witness([name, vkey, url, ...more]: readonly string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw refusal('a witness is: witness <name> <vkey> [<url>]');
    }
    this.#bound(this.#witnesses.length, this.#limits.witnesses, 'witnesses');
    const text = keyText(vkey);
    const key = parseCosignerVkey(text);
    this.#once(`witness ${toHex(key.publicKey)}`, 'witness');
    const witness = { name, vkey: text, key, ...(url !== undefined && { url: keyText(url) }) };
    this.#define(name, witness);
    this.#witnesses.push(witness);
  }

  #group([name, least, ...names]: readonly string[]): void {
    if (name === undefined || least === undefined || names.length === 0) {
      throw refusal('a group is: group <name> all|any|<k> <name>...');
    }
    this.#bound(this.#groups, this.#limits.groups, 'groups');
    const members = names.map((member) => this.#member(member));
    this.#define(name, { least: leastOf(least, members.length), members });
    this.#groups += 1;
  }

  #setQuorum([name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0) throw refusal('a quorum is: quorum <name>, or: quorum none');
    if (this.#quorum !== undefined) throw refusal('there is a quorum line already');
    const named = name === NONE ? NOBODY : this.#lookUp(name);
    this.#quorum = 'vkey' in named ? { least: 1, members: [named] } : named;
  }

  #member(name: string): PolicyWitness | QuorumRule {
    if (name === NONE) throw refusal('"none" cannot be a member of a group');
    if (this.#taken.has(name)) throw refusal(`${shown(name)} is a member of a group already`);
    const member = this.#lookUp(name);
    this.#taken.add(name);
    return member;
  }

  #lookUp(name: string): PolicyWitness | QuorumRule {
    const named = this.#named.get(name);
    if (named === undefined) throw refusal(`${shown(name)} is not defined on a line before this one`);
    return named;
  }

  #define(name: string, value: PolicyWitness | QuorumRule): void {
    if (name === NONE) throw refusal('the name "none" is taken');
    if (this.#named.has(name)) throw refusal(`${shown(name)} is defined already`);
    this.#named.set(name, value);
  }

  #once(key: string, what: string): void {
    if (this.#keys.has(key)) throw refusal(`this key is that of another ${what}`);
    this.#keys.add(key);
  }

  #bound(count: number, most: number, what: string): void {
    if (count >= most) throw refusal(`there are more than ${most} ${what}`);
  }
}

function leastOf(word: string, members: number): number {
  if (word === 'all') return members;
  if (word === 'any') return 1;
  const least = Number(word);
  if (/^[1-9][0-9]{0,4}$/.test(word) && least <= members) return least;
  throw refusal(`${shown(word)} is not "all", "any" or a number from 1 to ${members}`);
}

/** The file's octets, each a character of its own: names are compared as octets. */
function octets(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a) || byte === 0x7f) {
      throw refusal(`the trust policy holds the control character 0x${byte.toString(16).padStart(2, '0')}`);
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A key or a URL, whose octets are UTF-8. */
function keyText(word: string): string {
  try {
    return fromUtf8(Uint8Array.from(word, (character) => character.charCodeAt(0)));
  } catch (cause) {
    if (cause instanceof TextFormError) throw refusal(`${shown(word)} is not UTF-8`);
    throw cause;
  }
}

function shown(word: string): string {
  return JSON.stringify(word.slice(0, 80));
}

function refusal(why: string): NoteError {
  return new NoteError('bad-policy', why);
}
