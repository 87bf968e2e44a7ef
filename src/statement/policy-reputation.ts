import { z } from 'zod';

const days = z.int().min(0).max(3660);
const count = z.int().min(0).max(10_000);

/** How builders earn weight, and lose it: the groups of figures that stand in a policy beside its windows. */
export const reputationRules = {
  /** What a builder must have shown before it waits for the lot. */
  tenure: z
    .strictObject({
      /** Days with a passed audit since its first build that matched a final verdict. */
      activeDays: days.default(180),
      /** Builds that matched. */
      builds: count.default(20),
      /** Canaries that matched. */
      canaries: count.default(5),
    })
    .prefault({}),
  /** For how many days a builder is eligible until it is an elder. */
  elderDays: days.default(365),
  /** How many join the eligible set in one period: `least`, or this share of the set when that is more. */
  admission: z
    .strictObject({
      periodDays: z.int().min(1).max(3660).default(30),
      least: z.int().min(0).max(1000).default(2),
      share: z
        .tuple([z.int().min(0).max(1000), z.int().min(1).max(1000)])
        .refine(([part, whole]) => part <= whole, 'a share of at most the whole, such as [1, 10]')
        .default([1, 10]),
    })
    .prefault({}),
  /** When a vote against the verdict, or a commitment never opened, ends a builder's tenure. */
  divergence: z
    .strictObject({
      /** Fewest clusters that voted. */
      clusters: z.int().min(1).max(1000).default(5),
      /** Share of them that agrees. */
      share: z
        .tuple([z.int().min(1).max(1000), z.int().min(1).max(1000)])
        .refine(
          ([part, whole]) => part <= whole && part * 2 > whole,
          'a share above one half, such as [4, 5]',
        )
        .default([4, 5]),
      /** Days after the verdict in which a commitment may still be opened; 0 for none. */
      graceDays: days.default(14),
      /** A founder's tenure cannot end: it is suspended for so long. */
      founderSuspensionDays: days.default(30),
    })
    .prefault({}),
  /** For how many days a new key or a new address carries no weight. */
  coolingDays: days.default(14),
} as const;
