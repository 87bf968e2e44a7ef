/** A witness of transparency logs (C2SP tlog-witness), and how a log asks witnesses for their cosignatures. */
export { formatAddCheckpoint } from './add-checkpoint.ts';
export { generateCosigner } from './cosigner.ts';
export { WitnessError } from './errors.ts';
export { readCosignerFile, writeCosignerFile } from './key-file.ts';
export { logVerifier, VERIFY } from './known-logs.ts';
export type { AskLimits } from './limits.ts';
export { type BodyFault, readRequestBody } from './request-body.ts';
export { type RunningWitness, startWitness, type WitnessOptions } from './start.ts';
export { WitnessCircle } from './witness-circle.ts';
