import { formatVkey } from '../../src/note/index.ts';
import {
  type Kind,
  MOST_AUDIT_KEYS,
  MOST_CANARY_MEMBERS,
  MOST_GROUPS,
  MOST_SEATS,
  MOST_SEED_COSIGNATURES,
  type PredicateInput,
  type Subject,
} from '../../src/statement/index.ts';
import { GOOD, integrity } from './samples.ts';

/** A sign that takes three bytes, as many as any of one UTF-16 unit. */
const WIDE = '漢';
const LAST_MS = 253_402_300_799_999;
const MOST = Number.MAX_SAFE_INTEGER;
const release = 'ab'.repeat(32);

/** So many keys, sorted. */
export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, at) => at.toString(16).padStart(64, 'f')).sort();
}

const origin = 'é'.repeat(64);
const bound = { origin, timeMs: LAST_MS };
const reason = WIDE.repeat(300);
const packageUrl = `pkg:npm/${'a'.repeat(256 - 'pkg:npm/@1'.length)}@1`;
const ofRelease = { name: packageUrl, sha256: release };
const vkey = formatVkey('x'.repeat(255), new Uint8Array(32).fill(0xff));
const windows = { commitEndsMs: LAST_MS, voteEndsMs: LAST_MS };

const largestSeed = {
  size: MOST,
  root: release,
  cosignatures: Array.from({ length: MOST_SEED_COSIGNATURES }, (_, at) => `${at}${'A'.repeat(101)}==`),
};

/** As many groups as a verdict lists, with all seats in them. */
export const groups = Array.from({ length: MOST_GROUPS }, (_, at) => ({
  infoHashV2: at.toString(16).padStart(64, '0'),
  builders: keysOf(MOST_SEATS).slice((at * MOST_SEATS) / MOST_GROUPS, ((at + 1) * MOST_SEATS) / MOST_GROUPS),
}));

/** Of each kind a statement that is as large as its schema lets it be; of policies and releases a good one. */
export const LARGEST: { [K in Kind]: { subject: Subject; predicate: PredicateInput<K> } } = {
  policy: GOOD.policy,
  builder: {
    subject: { name: WIDE.repeat(64), sha256: release },
    predicate: {
      ...bound,
      vkey,
      nextKey: release,
      operator: WIDE.repeat(64),
      platforms: keysOf(16).map((key) => `${'a'.repeat(16)}/${key.slice(-16)}`),
      prefixes: [1, 2, 3, 4].map((at) => `111${at}:2222:3333:4444:5555:6666:7777:8888/128`),
      announceDigest: release,
    },
  },
  rotate: {
    subject: { name: 'rotate', sha256: release },
    predicate: { ...bound, builder: release, vkey, nextKey: release, announceDigest: release },
  },
  revoke: {
    subject: { name: 'revoke', sha256: release },
    predicate: { ...bound, builder: release, reason },
  },
  release: {
    subject: ofRelease,
    predicate: {
      ...bound,
      package: packageUrl,
      sources: [{ name: 'x'.repeat(200), uri: 'x'.repeat(512), integrity }],
      recipe: { sha256: release, sizeBytes: MOST },
      platform: `${'a'.repeat(16)}/${'a'.repeat(16)}`,
      profile: 'hybrid',
      commitSeconds: 7_776_000,
      voteSeconds: 7_776_000,
      urgent: false,
      canaryVariants: 1000,
    },
  },
  supersede: { subject: ofRelease, predicate: { ...bound, release, by: release, reason } },
  takedown: { subject: ofRelease, predicate: { ...bound, release, reason } },
  revote: { subject: ofRelease, predicate: { ...bound, release, reason } },
  open: {
    subject: ofRelease,
    predicate: {
      ...bound,
      ...windows,
      release,
      panel: keysOf(MOST_SEATS),
      seed: largestSeed,
      round: 1000,
    },
  },
  canary: {
    subject: ofRelease,
    predicate: {
      ...bound,
      ...windows,
      release,
      group: 100_000,
      variant: 1000,
      members: keysOf(MOST_CANARY_MEMBERS),
      seed: largestSeed,
    },
  },
  commit: { subject: ofRelease, predicate: { ...bound, release, commitment: release } },
  close: { subject: ofRelease, predicate: { ...bound, release, commitments: MOST } },
  vote: {
    subject: ofRelease,
    predicate: {
      ...bound,
      release,
      salt: release,
      infoHashV2: release,
      output: { name: WIDE.repeat(255), sizeBytes: MOST, sha256: release },
    },
  },
  failure: { subject: ofRelease, predicate: { ...bound, release, reason } },
  audit: {
    subject: ofRelease,
    predicate: {
      ...bound,
      release,
      infoHashV2: release,
      epoch: 2_932_896,
      passed: keysOf(MOST_AUDIT_KEYS / 3),
      outside: keysOf(MOST_AUDIT_KEYS / 3),
      fresh: keysOf(MOST_AUDIT_KEYS / 3),
    },
  },
  verdict: {
    subject: ofRelease,
    predicate: { ...bound, release, state: 'contested', infoHashV2: release, groups },
  },
  state: {
    subject: { name: 'state', sha256: release },
    predicate: {
      ...bound,
      size: MOST,
      root: release,
      builders: MOST,
      eligible: MOST,
      releases: MOST,
      names: MOST,
      policy: release,
    },
  },
  heartbeat: { subject: { name: 'heartbeat', sha256: release }, predicate: bound },
};
