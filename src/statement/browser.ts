/** What a browser may import of this room: schemas, envelopes and encodings; hashing is handed in. */
export { commitmentOf } from './commitment.ts';
export { isStrictPublicKey, isStrictSignature } from './ed25519-encoding.ts';
export type {
  OpenedEnvelope,
  Sha256Function,
} from './envelope.ts';
export {
  formatEnvelope,
  parseEnvelope,
  preAuthenticationEncoding,
} from './envelope.ts';
export { PAYLOAD_TYPE } from './envelope-form.ts';
export { StatementError } from './errors.ts';
export {
  ENVELOPE_LIMITS,
  MOST_AUDIT_KEYS,
  MOST_CANARY_MEMBERS,
  MOST_GROUPS,
  MOST_SEATS,
  MOST_SEED_COSIGNATURES,
} from './limits.ts';
export { clusterOfPrefix } from './network-prefix.ts';
export { nextKeyDigest } from './next-key.ts';
export { isPackageUrl, parsePackageUrl } from './package-url.ts';
export type { PolicyRules } from './policy-rules.ts';
export { policyRules } from './policy-rules.ts';
export type { Kind, Output, Predicate, PredicateInput } from './predicates.ts';
export { KINDS, predicates } from './predicates.ts';
export { publicKeyOf } from './public-key.ts';
export type { Statement, StatementOf, Subject } from './statement.ts';
export { encodeStatement, makeStatement, predicateTypeOf, statementFromJson } from './statement.ts';
