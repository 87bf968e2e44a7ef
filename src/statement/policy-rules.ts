import { z } from 'zod';
import { distinct, hex32, line, packagePrefix, windowSeconds } from './fields.ts';
import { MOST_CANARY_MEMBERS, MOST_FOUNDERS_SIGNING, MOST_SEATS, MOST_SEED_COSIGNATURES } from './limits.ts';
import { reputationRules } from './policy-reputation.ts';
import { cosigners } from './policy-witnesses.ts';

/** Shortest windows of a policy that is no demo. */
const SHORTEST = { commitSeconds: 86_400, voteSeconds: 259_200 } as const;
/** Shortest windows of an urgent release under a policy that is no demo. */
const SHORTEST_URGENT = { commitSeconds: 7200, voteSeconds: 21_600 } as const;

const share = z
  .tuple([z.int().min(1).max(1000), z.int().min(1).max(1000)])
  .refine(([part, whole]) => part <= whole && part * 2 > whole, 'a share above one half, such as [2, 3]');

const urgent = z
  .strictObject({
    /** How many founders sign an urgent release, beside its publisher. */
    founders: z.int().min(1).max(8).default(2),
    commitFloorSeconds: z.int().min(1).default(SHORTEST_URGENT.commitSeconds),
    voteFloorSeconds: z.int().min(1).default(SHORTEST_URGENT.voteSeconds),
    /** How many founder or elder clusters, with none against, make it provisional. */
    provisionalClusters: z.int().min(1).max(MOST_SEATS).default(3),
  })
  .prefault({});

const canary = z
  .strictObject({
    /** Builders that rebuild one variant. */
    group: z.int().min(2).max(MOST_CANARY_MEMBERS).default(3),
    /** Groups drawn after each close. */
    perRelease: z.int().min(0).max(16).default(1),
    commitSeconds: windowSeconds.default(SHORTEST.commitSeconds),
    voteSeconds: windowSeconds.default(SHORTEST.voteSeconds),
    /** How many founders outside a group, one a cluster, must come to the same to settle what its members differ on. */
    settlers: z.int().min(1).max(32).default(2),
    /** For how many days after the group's verdict they may; from then on it stays contested, and judges nobody. */
    settleDays: z.int().min(1).max(3660).default(30),
  })
  .prefault({});

/**
 * The rules that a `policy` entry puts in force. Every figure of the count stands here. What may be left out
 * has the default that docs/default-policy.toml shows.
 */
export const policyRules = z
  .strictObject({
    /** What people call this policy. */
    name: line(64),
    /** Shown wherever a count under it is shown; needed for windows shorter than a real network's. */
    demo: z.boolean(),
    /** Builder keys that are eligible from the start, and that sign policies. */
    founders: distinct(hex32, 32).min(1),
    /** How many founders must sign a policy, a revote, or a takedown against the publisher's will. */
    foundersQuorum: z.int().min(1).max(MOST_FOUNDERS_SIGNING),
    /** Who may publish what; the longest fitting prefix decides. */
    publishers: z.array(z.strictObject({ prefix: packagePrefix, keys: distinct(hex32, 8).min(1) })).max(64),
    /** Most seats of a panel. */
    panelSeats: z.int().min(1).max(MOST_SEATS),
    /** Fewest votes that win, however small the panel. */
    minimumVotes: z.int().min(1),
    /** Share of the panel's votes cast that wins: part and whole. */
    panelMargin: share,
    /** Share of the founders' and elders' votes cast that wins. */
    foundersMargin: share,
    windows: z.strictObject({
      commitFloorSeconds: z.int().min(1),
      voteFloorSeconds: z.int().min(1),
      /** Whether a window ends at its floor already, once every seat has answered. */
      endEarly: z.boolean().default(false),
    }),
    /** Longest silence of the log in seconds. */
    heartbeatSeconds: z.int().min(1).max(86_400),
    ...reputationRules,
    urgent,
    canary,
    /** Whose cosignatures give the lot its seed; none: the log's own entry does. */
    witnesses: cosigners('cosignature', MOST_SEED_COSIGNATURES),
    /** Who signs `state` entries that they recomputed. */
    monitors: cosigners('note', 16),
  })
  .superRefine((rules, context) => {
    const complain = (path: string[], message: string) => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (rules.foundersQuorum > rules.founders.length) {
      complain(
        ['foundersQuorum'],
        `${rules.foundersQuorum} of ${rules.founders.length} founders can never sign`,
      );
    }
    const prefixes = new Set(rules.publishers.map(({ prefix }) => prefix));
    if (prefixes.size !== rules.publishers.length) complain(['publishers'], 'a prefix stands twice');
    if (rules.demo) return;
    const floors = [
      ['windows', rules.windows, SHORTEST],
      ['urgent', rules.urgent, SHORTEST_URGENT],
    ] as const;
    for (const [group, floor, shortest] of floors) {
      if (floor.commitFloorSeconds < shortest.commitSeconds) {
        complain([group, 'commitFloorSeconds'], `below ${shortest.commitSeconds} only with demo = true`);
      }
      if (floor.voteFloorSeconds < shortest.voteSeconds) {
        complain([group, 'voteFloorSeconds'], `below ${shortest.voteSeconds} only with demo = true`);
      }
    }
  });

export type PolicyRules = z.infer<typeof policyRules>;
/** Rules before what may be left out has its default. */
export type PolicyRulesInput = z.input<typeof policyRules>;
