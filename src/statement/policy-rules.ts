import { z } from 'zod';
import { distinct, hex32, line, packagePrefix } from './fields.ts';
import { MOST_SEATS } from './limits.ts';

/** Shortest windows of a policy that is no demo. */
const SHORTEST = { commitSeconds: 86_400, voteSeconds: 259_200 } as const;

const share = z
  .tuple([z.int().min(1).max(1000), z.int().min(1).max(1000)])
  .refine(([part, whole]) => part <= whole && part * 2 > whole, 'a share above one half, such as [2, 3]');

/** The rules that a `policy` entry puts in force. Every figure of the count stands here. */
export const policyRules = z
  .strictObject({
    /** What people call this policy. */
    name: line(64),
    /** Shown wherever a count under it is shown; needed for windows under 24 h and 72 h. */
    demo: z.boolean(),
    /** Builder keys that are eligible from the start, and that sign policies. */
    founders: distinct(hex32, 32).min(1),
    /** How many founders must sign a policy. */
    foundersQuorum: z.int().min(1),
    /** Who may publish what; the longest fitting prefix decides. */
    publishers: z.array(z.strictObject({ prefix: packagePrefix, keys: distinct(hex32, 8).min(1) })).max(64),
    /** Most seats of a panel. */
    panelSeats: z.int().min(1).max(MOST_SEATS),
    /** Fewest votes that win, however small the panel. */
    minimumVotes: z.int().min(1),
    /** Share of the panel's votes cast that wins: part and whole. */
    panelMargin: share,
    /** Share of the founders' votes cast that wins. */
    foundersMargin: share,
    windows: z.strictObject({
      commitFloorSeconds: z.int().min(1),
      voteFloorSeconds: z.int().min(1),
      /** Whether a window ends at its floor already, once every seat has answered. */
      endEarly: z.boolean().default(false),
    }),
    /** Longest silence of the log in seconds. */
    heartbeatSeconds: z.int().min(1).max(86_400),
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
    if (rules.windows.commitFloorSeconds < SHORTEST.commitSeconds) {
      complain(['windows', 'commitFloorSeconds'], `below ${SHORTEST.commitSeconds} only with demo = true`);
    }
    if (rules.windows.voteFloorSeconds < SHORTEST.voteSeconds) {
      complain(['windows', 'voteFloorSeconds'], `below ${SHORTEST.voteSeconds} only with demo = true`);
    }
  });

export type PolicyRules = z.infer<typeof policyRules>;
