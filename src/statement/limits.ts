export interface EnvelopeLimits {
  /** Size of the whole envelope in bytes. */
  readonly envelopeBytes: number;
  readonly signatures: number;
}

/** What a log takes as one entry. */
export const ENVELOPE_LIMITS: EnvelopeLimits = { envelopeBytes: 4096, signatures: 16 };

// What the log itself must be able to say in 4 KB, or a panel that disagrees enough could keep it from giving
// a verdict; test/statement/limits.test.ts makes the largest of each.

/** Most seats of a panel. */
export const MOST_SEATS = 20;
/** Keys that one audit names in all its lists together; more builders of an epoch stand in further audits. */
export const MOST_AUDIT_KEYS = 24;
/** Cosignatures of witnesses that one `open` carries as the seed of its lot: no policy can ask for more. */
export const MOST_SEED_COSIGNATURES = 5;
/** Founders that a policy may ask to sign one entry: so many signatures leave room for what they sign. */
export const MOST_FOUNDERS_SIGNING = 12;
/** Builders of one canary group. */
export const MOST_CANARY_MEMBERS = 8;
/** The largest groups that a verdict lists; all of them follow from the votes. */
export const MOST_GROUPS = 5;
/** Bytes of a log's origin. */
export const LONGEST_ORIGIN = 128;
/** Characters of a release's package URL, all of them ASCII. */
export const LONGEST_PACKAGE = 256;
/** Characters of a public key's text form. */
export const LONGEST_VKEY = 400;
