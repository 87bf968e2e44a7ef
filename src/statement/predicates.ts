import { z } from 'zod';
import {
  distinct,
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
import { MOST_GROUPS, MOST_SEATS } from './limits.ts';
import { policyRules } from './policy-rules.ts';

/** Every predicate binds the log it is made for and the time its signer's clock showed. */
const bound = { origin, timeMs };

/** An infohash with the builders counted for it. */
const group = z.strictObject({ infoHashV2: hex32, builders: sorted(hex32, MOST_SEATS) });

/** What a build gave: one file, or a folder (then without `sha256`). */
export const output = z.strictObject({ name: fileName, sizeBytes, sha256: hex32.optional() });

/** Schema of each kind's predicate (predicate type `bitquorum:<kind>/v1`). Unknown keys are refused. */
export const predicates = {
  /** Signed by founders: rules and the day from which they hold. Subject: the policy file. */
  policy: z.strictObject({ ...bound, rules: policyRules, effectiveMs: timeMs }),
  /** Signed by the builder: who it is. Acts from its own index on. Subject: its public key. */
  builder: z.strictObject({
    ...bound,
    vkey: z.string().max(400),
    nextKey: hex32,
    operator,
    platforms: distinct(platform, 16).min(1),
    prefixes: distinct(networkPrefix, 4),
    announceDigest: hex32,
  }),
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
  }),
  /** Signed by the log: the panel drawn, and when the windows end. */
  open: z.strictObject({
    ...bound,
    release: hex32,
    panel: sorted(hex32, MOST_SEATS),
    commitEndsMs: timeMs,
    voteEndsMs: timeMs,
  }),
  /** Signed by the builder: a hash that binds it to an infohash not yet shown. */
  commit: z.strictObject({ ...bound, release: hex32, commitment: hex32 }),
  /** Signed by the log: the commit window has ended, with so many builders committed. */
  close: z.strictObject({ ...bound, release: hex32, commitments: z.int().min(0) }),
  /** Signed by the builder: opens its commitment. */
  vote: z.strictObject({ ...bound, release: hex32, salt: hex32, infoHashV2: hex32, output }),
  /** Signed by the builder, without a commitment: it could not build. */
  failure: z.strictObject({ ...bound, release: hex32, reason: line(300) }),
  /** Signed by the log: these builders served a random block of what they voted for. */
  audit: z.strictObject({
    ...bound,
    release: hex32,
    infoHashV2: hex32,
    passed: sorted(hex32, MOST_SEATS).min(1),
  }),
  /** Signed by the log: the count at the end of the vote window. */
  verdict: z.strictObject({
    ...bound,
    release: hex32,
    state: z.enum(['final', 'contested', 'failed']),
    infoHashV2: hex32.nullable(),
    groups: z.array(group).max(MOST_GROUPS),
  }),
  /** Signed by the log: it is alive. Subject: the origin. */
  heartbeat: z.strictObject(bound),
} as const;

export type Kind = keyof typeof predicates;
export type Predicate<K extends Kind> = z.infer<(typeof predicates)[K]>;
export type Output = z.infer<typeof output>;

/** All kinds of statement. */
export const KINDS = Object.keys(predicates) as readonly Kind[];
