/**
 * The transparency log (C2SP tlog-tiles): sequencing, checkpoints, tiles, and what a reader needs to check
 * a whole log by itself.
 */
export { formatEntryBundle, parseEntryBundle } from './bundle.ts';
export type { Cosign, HeadToCosign } from './cosigning.ts';
export type { LogErrorCode } from './errors.ts';
export { LogError } from './errors.ts';
export { nodeHasher } from './hasher.ts';
export type { SignedHead, TreeHead } from './head.ts';
export type { HeadKeeper } from './head-file.ts';
export { openHeadFile } from './head-file.ts';
export { decodeLeaf, encodeLeaf } from './leaf.ts';
export type { Log, LogOptions } from './log.ts';
export { openLog } from './log.ts';
export type { ProofBundle, ProvedEntry } from './proof-bundle.ts';
export { formatProofBundle, PROOF_BUNDLE_LIMITS, parseProofBundle, tlogProofOf } from './proof-bundle.ts';
export type { ProvedState, ProvedValue } from './proved-state.ts';
export { formatProvedState, parseProvedState } from './proved-state.ts';
export type { ReplayedEntry } from './replay.ts';
export { LogReplay } from './replay.ts';
export { checkHead, checkStoredLog } from './stored-log.ts';
export type { Receipt } from './waiting-line.ts';
