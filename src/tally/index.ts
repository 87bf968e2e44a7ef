/**
 * The count: `(entries) → state`, pure and incremental. Reads no clock, file or socket and imports nothing of
 * Node, so that the tally service, the command line and a dashboard count alike.
 */
export type { BuilderStage, BuilderStanding } from './builder-standing.ts';
export type { BuilderView, UnauditedVote } from './builder-view.ts';
export {
  builderOfAnnounceDigest,
  builderView,
  builderViews,
  countsOn,
  isNamedBlob,
  unauditedVotes,
  wouldCount,
} from './builder-view.ts';
export { chargeOn } from './charges.ts';
export type { Contradiction } from './contradictions.ts';
export { contradictions } from './contradictions.ts';
export type { Admission } from './count.ts';
export { admits, countEntry } from './count.ts';
export { tallyDigest } from './digest.ts';
export { entriesDue, nextDueMs, seedSize } from './due.ts';
export { closeDueMs } from './early.ts';
export type { GroupView } from './group-view.ts';
export { identityOf } from './keys.ts';
export type { LightState } from './light-state.ts';
export { packageOf } from './light-state.ts';
export { lightValue } from './light-values.ts';
export type { CosignedHead, SeedCosignature } from './lot-seed.ts';
export { seedCosignatures, witnessedOf } from './lot-seed.ts';
export { policyAt } from './policy.ts';
export type { PolicyProblem } from './policy-toml.ts';
export { PolicyError, parsePolicyToml } from './policy-toml.ts';
export type { BuilderStatus } from './reasons.ts';
export { countSome, entriesAbout, indicesOf, lightKeysOf } from './recount.ts';
export type { RefusalCode } from './refusal.ts';
export type { ReleasePhase } from './release-state.ts';
export type { BuilderOnRelease, ReleaseView } from './release-view.ts';
export { releaseView, releaseViews, resolvePackage } from './release-view.ts';
export { hasStanding } from './standing.ts';
export type {
  Alarm,
  Entry,
  GivenDraw,
  PolicyInForce,
  RefusedEntry,
  ReleaseState,
  Tally,
  TallyContext,
} from './state.ts';
export { emptyTally } from './state.ts';
export { stateReason } from './state-reason.ts';
