import { z } from 'zod';
import {
  cosignature,
  distinct,
  epoch,
  fileName,
  hex32,
  integrity,
  line,
  networkPrefix,
  operator,
  origin,
  packageUrl,
  platform,
  sizeBytes,
  sorted,
  timeMs,
  windowSeconds,
} from './fields.ts';
import {
  LONGEST_VKEY,
  MOST_AUDIT_KEYS,
  MOST_CANARY_MEMBERS,
  MOST_GROUPS,
  MOST_SEATS,
  MOST_SEED_COSIGNATURES,
} from './limits.ts';
import { policyRules } from './policy-rules.ts';

/** Every predicate binds the log it is made for and the time its signer's clock showed. */
const bound = { origin, timeMs };

const reason = line(300);
const vkeyText = z.string().max(LONGEST_VKEY);
const auditKeys = sorted(hex32, MOST_SEATS);

/** An infohash with the builders counted for it. */
const group = z.strictObject({ infoHashV2: hex32, builders: sorted(hex32, MOST_SEATS) });

/**
 * What the seed of a lot is made of: the first checkpoint of this log that holds what asks for the lot, and what witnesses
 * signed about it, each as in a note's signature line: base64 of key id (4 bytes), time (8) and signature (64).
 */
const lotSeed = z.strictObject({
  size: z.int().min(1),
  root: hex32,
  cosignatures: sorted(cosignature, MOST_SEED_COSIGNATURES).min(1),
});

/** What a build gave: one file, or a folder (then without `sha256`). */
export const output = z.strictObject({ name: fileName, sizeBytes, sha256: hex32.optional() });

interface AuditLists {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly outside: readonly string[];
  readonly fresh: readonly string[];
}

/** What the lists of an audit owe each other. */
function checkAudit({ passed, failed, outside, fresh }: AuditLists, context: z.RefinementCtx): void {
  const complain = (path: keyof AuditLists, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (passed.length + failed.length === 0) complain('passed', 'it names nobody');
  if (passed.length + failed.length + outside.length + fresh.length > MOST_AUDIT_KEYS) {
    complain('passed', `its lists name more than ${MOST_AUDIT_KEYS} keys together`);
  }
  if (failed.some((key) => passed.includes(key))) complain('failed', 'a builder both passed and failed');
  if (outside.some((key) => !passed.includes(key))) complain('outside', 'a builder that did not pass');
  if (fresh.some((key) => !passed.includes(key))) complain('fresh', 'a builder that did not pass');
}

/** Schema of each kind's predicate (predicate type `bitquorum:<kind>/v1`). Unknown keys are refused. */
export const predicates = {
  /** Signed by founders: rules and the day from which they hold. Subject: the policy file. */
  policy: z.strictObject({ ...bound, rules: policyRules, effectiveMs: timeMs }),
  /** Signed by the builder: who it is. Acts from its own index on. Subject: its first public key, which names it for ever. */
  builder: z.strictObject({
    ...bound,
    vkey: vkeyText,
    nextKey: hex32,
    operator,
    platforms: distinct(platform, 16).min(1),
    prefixes: distinct(networkPrefix, 4),
    announceDigest: hex32,
  }),
  /**
   * Signed by the new key alone, which is the one whose SHA-256 (of its 32 bytes) the builder committed to last:
   * whoever stole the old key cannot rotate, whoever lost it can. Subject: the builder's first public key.
   */
  rotate: z.strictObject({
    ...bound,
    builder: hex32,
    vkey: vkeyText,
    nextKey: hex32,
    announceDigest: hex32,
  }),
  /** Signed by the builder's current key, or by the next one: from its index on it counts nowhere, for ever. */
  revoke: z.strictObject({ ...bound, builder: hex32, reason }),
  /** Signed by the publisher: what to build, from what, how, and in which windows. Subject: the recipe. */
  release: z.strictObject({
    ...bound,
    package: packageUrl,
    sources: z.array(z.strictObject({ name: fileName, uri: line(512), integrity })).max(8),
    recipe: z.strictObject({ sha256: hex32, sizeBytes }),
    platform,
    profile: z.enum(['hybrid', 'v2']),
    commitSeconds: windowSeconds,
    voteSeconds: windowSeconds,
    /** In a hurry: shorter windows, and founders sign beside the publisher. */
    urgent: z.boolean().default(false),
    /** How many variants the recipe offers to canary builds; the count never reads the recipe itself. */
    canaryVariants: z.int().min(0).max(1000).default(0),
  }),
  /** Signed by the old release's publisher: another release takes its place. Subject: the old one. */
  supersede: z.strictObject({ ...bound, release: hex32, by: hex32, reason }),
  /** Signed by the release's publisher, or by founders: nobody should download this any more. */
  takedown: z.strictObject({ ...bound, release: hex32, reason }),
  /** Signed by founders: a fresh panel and fresh windows for a release that has its verdict. */
  revote: z.strictObject({ ...bound, release: hex32, reason }),
  /** Signed by the log: the panel drawn, and when the windows end. */
  open: z.strictObject({
    ...bound,
    release: hex32,
    panel: sorted(hex32, MOST_SEATS),
    commitEndsMs: timeMs,
    voteEndsMs: timeMs,
    /** What the lot was drawn by; null where the policy names no witnesses, and the log's own place decides. */
    seed: lotSeed.nullable().default(null),
    /** 0, and one more for each revote. */
    round: z.int().min(0).max(1000).default(0),
  }),
  /**
   * Signed by the log: a group of builders rebuilds a variant that nobody has published. Its payload's digest is the
   * `release` of the commitments, votes and the verdict that follow.
   */
  canary: z.strictObject({
    ...bound,
    release: hex32,
    group: z.int().min(0).max(100_000),
    variant: z.int().min(0).max(1000),
    members: sorted(hex32, MOST_CANARY_MEMBERS).min(2),
    commitEndsMs: timeMs,
    voteEndsMs: timeMs,
    /** Of a release's first group: what all its groups were drawn by; null where the policy names no witnesses. */
    seed: lotSeed.nullable().default(null),
  }),
  /** Signed by the builder: a hash that binds it to an infohash not yet shown. */
  commit: z.strictObject({ ...bound, release: hex32, commitment: hex32 }),
  /** Signed by the log: the commit window has ended, with so many builders committed. */
  close: z.strictObject({ ...bound, release: hex32, commitments: z.int().min(0) }),
  /** Signed by the builder: opens its commitment. */
  vote: z.strictObject({ ...bound, release: hex32, salt: hex32, infoHashV2: hex32, output }),
  /** Signed by the builder, without a commitment: it could not build. */
  failure: z.strictObject({ ...bound, release: hex32, reason }),
  /**
   * Signed by the log: which builders, asked on one day for a random block of what they voted for, served it and
   * which did not. No addresses stand in it, only what follows from them.
   */
  audit: z
    .strictObject({
      ...bound,
      release: hex32,
      infoHashV2: hex32,
      epoch,
      passed: auditKeys,
      failed: auditKeys.default([]),
      /** Those of `passed` that served from outside the network prefixes they declare. */
      outside: auditKeys.default([]),
      /** Those of `passed` that served from an address not proven for long enough. */
      fresh: auditKeys.default([]),
    })
    .superRefine(checkAudit),
  /** Signed by the log: the count at the end of the vote window. */
  verdict: z.strictObject({
    ...bound,
    release: hex32,
    state: z.enum(['final', 'contested', 'failed']),
    infoHashV2: hex32.nullable(),
    groups: z.array(group).max(MOST_GROUPS),
  }),
  /** Signed by the log: what the count knows after the first `size` entries. Subject: the root. */
  state: z.strictObject({
    ...bound,
    size: z.int().min(1),
    /** Root of the map from builders, releases and names to what is known of them. */
    root: hex32,
    builders: z.int().min(0),
    eligible: z.int().min(0),
    releases: z.int().min(0),
    names: z.int().min(0),
    policy: hex32,
  }),
  /** Signed by the log: it is alive. Subject: the origin. */
  heartbeat: z.strictObject(bound),
} as const;

export type Kind = keyof typeof predicates;
/** A predicate as it was read. */
export type Predicate<K extends Kind> = z.output<(typeof predicates)[K]>;
/** A predicate as one may write it: what has a default may be left out. */
export type PredicateInput<K extends Kind> = z.input<(typeof predicates)[K]>;
export type Output = z.infer<typeof output>;

/** All kinds of statement. */
export const KINDS = Object.keys(predicates) as readonly Kind[];
