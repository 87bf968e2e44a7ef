/**
 * The count: `(entries) → state`, pure and incremental. Reads no clock, file or socket and imports nothing of
 * Node, so that the tally service, the command line and a dashboard count alike.
 */
export type { BuilderView, UnauditedVote } from './builder-view.ts';
export {
  builderOfAnnounceDigest,
  builderViews,
  countsOn,
  isNamedBlob,
  unauditedVotes,
  wouldCount,
} from './builder-view.ts';
export type { Admission } from './count.ts';
export { admits, countEntry } from './count.ts';
export { tallyDigest } from './digest.ts';
export { entriesDue, nextDueMs } from './due.ts';
export type { GroupView } from './group-view.ts';
export { lightValue, packageOf } from './light-values.ts';
export { policyAt } from './policy.ts';
export { PolicyError, parsePolicyToml } from './policy-toml.ts';
export type { BuilderStatus } from './reasons.ts';
export { countSome, indicesOf, lightKeysOf } from './recount.ts';
export type { RefusalCode } from './refusal.ts';
export type { ReleasePhase } from './release-state.ts';
export type { BuilderOnRelease, ReleaseView } from './release-view.ts';
export { releaseView, releaseViews, resolvePackage } from './release-view.ts';
export type {
  Alarm,
  Entry,
  GivenDraw,
  PolicyInForce,
  RefusedEntry,
  Tally,
  TallyContext,
} from './state.ts';
export { emptyTally } from './state.ts';
