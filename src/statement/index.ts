/** Signed statements: keys and their files, DSSE envelopes, in-toto statements of every kind. */
export * from './browser.ts';
export { verifyEd25519 } from './ed25519.ts';
export { readKeyFile, writeKeyFile } from './key-file.ts';
export { verifyMlDsa44 } from './ml-dsa.ts';
export { openEnvelope, sha256, signStatement, verifyEnvelope } from './node-envelope.ts';
export { readSecretFile, writeSecretFile } from './secret-file.ts';
export type { Signer } from './signer.ts';
export { announceDigestOf, generateKey, PrivateKey, parsePrivateKey } from './signer.ts';
export type { VerifiedEnvelope } from './verifying/verified-envelope.ts';
export { verifiedEnvelope } from './verifying/verified-envelope.ts';
export type { VerifiedItem } from './verifying/verify-in-order.ts';
export { verifyInOrder } from './verifying/verify-in-order.ts';
export { VerifyPool } from './verifying/verify-pool.ts';
