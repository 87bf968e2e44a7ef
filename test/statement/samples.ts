import { fromHex } from '../../src/bytes/index.ts';
import { formatVkey } from '../../src/note/index.ts';
import {
  type Kind,
  makeStatement,
  type Predicate,
  type PredicateInput,
  policyRules,
  type Statement,
  type Subject,
} from '../../src/statement/index.ts';

const release = 'ab'.repeat(32);
/** The public key of RFC 8032's first test vector. */
export const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
export const hex = (byte: string) => byte.repeat(32);
const name = 'pkg:npm/%40noble/hashes@2.0.1';
const bound = { origin: 'tally.example/log', timeMs: 1_790_000_000_000 };
/** Key id, time and signature, all zero. */
const cosignature = `${'A'.repeat(102)}==`;
export const integrity = `sha512-${'A'.repeat(86)}==`;

/** One good statement of each kind. */
export const GOOD: { [K in Kind]: { subject: Subject; predicate: Predicate<K> } } = {
  policy: {
    subject: { name: 'policy', sha256: hex('01') },
    predicate: {
      ...bound,
      effectiveMs: 1_790_000_000_000,
      rules: policyRules.parse({
        name: 'example',
        demo: false,
        founders: [hex('0a'), hex('0b')],
        foundersQuorum: 2,
        publishers: [{ prefix: 'pkg:npm/%40noble/', keys: [hex('0c')] }],
        panelSeats: 15,
        minimumVotes: 3,
        panelMargin: [2, 3],
        foundersMargin: [2, 3],
        windows: { commitFloorSeconds: 86_400, voteFloorSeconds: 259_200, endEarly: false },
        heartbeatSeconds: 600,
      }),
    },
  },
  builder: {
    subject: { name: 'Ada Lovelace', sha256: key },
    predicate: {
      ...bound,
      vkey: formatVkey('ada.example/builder', fromHex(key)),
      nextKey: hex('02'),
      operator: 'Ada Lovelace',
      platforms: ['linux/amd64', 'any'],
      prefixes: ['192.0.2.0/24', '2001:db8::/32'],
      announceDigest: hex('03'),
    },
  },
  release: {
    subject: { name, sha256: hex('04') },
    predicate: {
      ...bound,
      package: name,
      sources: [{ name: 'hashes-2.0.1.tgz', uri: 'https://registry.example/hashes-2.0.1.tgz', integrity }],
      recipe: { sha256: hex('04'), sizeBytes: 900 },
      platform: 'any',
      profile: 'hybrid',
      commitSeconds: 86_400,
      voteSeconds: 259_200,
      urgent: false,
      canaryVariants: 0,
    },
  },
  open: {
    subject: { name, sha256: release },
    predicate: {
      ...bound,
      release,
      panel: [hex('0a'), hex('0b')],
      commitEndsMs: 1,
      voteEndsMs: 2,
      seed: { size: 7, root: hex('0d'), cosignatures: [cosignature] },
      round: 0,
    },
  },
  commit: { subject: { name, sha256: release }, predicate: { ...bound, release, commitment: hex('05') } },
  close: { subject: { name, sha256: release }, predicate: { ...bound, release, commitments: 3 } },
  vote: {
    subject: { name, sha256: release },
    predicate: {
      ...bound,
      release,
      salt: hex('06'),
      infoHashV2: hex('07'),
      output: { name: 'noble-hashes-2.0.1.tgz', sizeBytes: 1000, sha256: hex('08') },
    },
  },
  failure: {
    subject: { name, sha256: release },
    predicate: { ...bound, release, reason: 'tsc: out of memory' },
  },
  audit: {
    subject: { name, sha256: release },
    predicate: {
      ...bound,
      release,
      infoHashV2: hex('07'),
      epoch: 20_717,
      passed: [hex('0a'), key],
      failed: [hex('0b')],
      outside: [key],
      fresh: [hex('0a')],
    },
  },
  verdict: {
    subject: { name, sha256: release },
    predicate: {
      ...bound,
      release,
      state: 'final',
      infoHashV2: hex('07'),
      groups: [{ infoHashV2: hex('07'), builders: [hex('0a'), hex('0b'), hex('0c')] }],
    },
  },
  rotate: {
    subject: { name: 'rotate', sha256: hex('0a') },
    predicate: {
      ...bound,
      builder: hex('0a'),
      vkey: formatVkey('ada.example/builder', fromHex(key)),
      nextKey: hex('02'),
      announceDigest: hex('03'),
    },
  },
  revoke: {
    subject: { name: 'revoke', sha256: key },
    predicate: { ...bound, builder: key, reason: 'the laptop was stolen' },
  },
  supersede: {
    subject: { name, sha256: release },
    predicate: { ...bound, release, by: hex('0e'), reason: 'a fix' },
  },
  takedown: { subject: { name, sha256: release }, predicate: { ...bound, release, reason: 'malware' } },
  revote: { subject: { name, sha256: release }, predicate: { ...bound, release, reason: 'a bad panel' } },
  canary: {
    subject: { name, sha256: release },
    predicate: {
      ...bound,
      release,
      group: 0,
      variant: 3,
      members: [hex('0a'), hex('0b'), hex('0c')],
      commitEndsMs: 1,
      voteEndsMs: 2,
      seed: { size: 7, root: hex('0d'), cosignatures: [cosignature] },
    },
  },
  state: {
    subject: { name: 'state', sha256: hex('0d') },
    predicate: {
      ...bound,
      size: 100,
      root: hex('0d'),
      builders: 9,
      eligible: 7,
      releases: 3,
      names: 2,
      policy: hex('01'),
    },
  },
  heartbeat: { subject: { name: 'heartbeat', sha256: hex('09') }, predicate: bound },
};

/** A good statement of a kind, with parts of its predicate or its subject changed. */
export function made(kind: Kind, change: object = {}, subject: Subject = GOOD[kind].subject): Statement {
  const predicate = { ...GOOD[kind].predicate, ...change } as PredicateInput<Kind>;
  return makeStatement(kind, subject, predicate) as Statement;
}
