/** What the page of test/web/ed25519-rule.test.ts gets as one script. */
export { nativeVerifier } from '../../../web/src/check/ed25519.ts';
export { verifyPortably } from '../../../web/src/check/ed25519-portable.ts';
