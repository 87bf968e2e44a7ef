import { createHash } from 'node:crypto';
import type {
  BuilderOnRelease,
  BuilderSummary,
  GroupView,
  ReleaseDetail,
  ReleaseState,
  Status,
} from '../../../web/src/api/types.ts';

/** All that a tally would say over its API at one moment. */
export interface World {
  status: Status;
  builders: BuilderSummary[];
  releases: ReleaseDetail[];
}

/** A digest with some meaning to the reader of a test: SHA-256 of a word. */
export function digestOf(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

const OPERATORS = ['Ada Lindqvist', 'buildfarm.example', 'Rechenzentrum Süd', 'mirror-house', 'Noé Ferreira'];
const KEYS = OPERATORS.map((name) => digestOf(`key of ${name}`));
const START_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
const WINNER = digestOf('honest bytes');
const BACKDOOR = digestOf('bytes with a backdoor');

/** A vote that one of the five builders cast, or why none counts. */
interface Cast {
  readonly builder: number;
  readonly infoHashV2?: string;
  readonly status: BuilderOnRelease['status'];
  readonly reason: string;
}

/** A network like the demo's: five builders, three honest, one with a backdoor, one mirror. */
export function demoWorld(): World {
  return {
    status: {
      origin: 'tally.localhost/demo',
      logKey: 'tally.localhost/demo+1f2e3d4c+AZ0wQxJ3vKmW0c4l7f2y9uTq8bNn5sXh6RrE1pDaGkLo',
      size: 1247,
      policy: { name: 'demo', demo: true, digest: digestOf('policy') },
      announceUrl: 'http://127.0.0.1:8080/announce',
    },
    builders: OPERATORS.map((operator, index) => ({ key: KEYS[index] ?? '', operator })),
    releases: [
      releaseIn('final', 'pkg:npm/%40noble/hashes@2.0.1'),
      releaseIn('voting', 'pkg:npm/%40noble/hashes@1.8.0'),
      releaseIn('committing', 'pkg:deb/debian/gzip@1.13-1%2Bdeb13u1?arch=amd64'),
      releaseIn('announced', 'pkg:npm/left-pad@1.3.0'),
      releaseIn('contested', 'pkg:npm/event-stream@3.3.6'),
      releaseIn('failed', 'pkg:pypi/six@1.17.0'),
      releaseIn('superseded', 'pkg:npm/%40noble/hashes@2.0.0'),
    ],
  };
}

/** One release in a state, with the builders and groups that belong to it. */
export function releaseIn(state: ReleaseState, purl: string): ReleaseDetail {
  const opened = state !== 'announced';
  const verdict = state === 'final' || state === 'contested' || state === 'failed' || state === 'superseded';
  const running = state === 'voting' || state === 'committing';
  // Windows that run end soon after now; those that are over ended at a time that never changes.
  const closes = running ? Date.now() + (state === 'voting' ? -30_000 : 47_000) : START_MS + 60_000;
  const casts = CASTS[state];
  return {
    digest: digestOf(`release ${purl}`),
    index: 7,
    rivals: [],
    announcedMs: closes - 90_500,
    package: purl,
    publisher: digestOf('publisher'),
    authorised: true,
    state,
    profile: 'hybrid',
    platform: 'any',
    recipe: { sha256: digestOf(`recipe ${purl}`), sizeBytes: 1322 },
    sources: [
      {
        name: 'hashes-2.0.1.tgz',
        uri: 'https://registry.example/@noble/hashes/-/hashes-2.0.1.tgz',
        integrity:
          'sha512-XlOlEbQcE9fmuXxrVTXCTlG2nlRXa9Rj3rr5Ue/+tX+nmkgbX720YHh0VR3hBF9xDvwnb8D2shVGOwNx+ulArw==',
      },
    ],
    ...(opened ? { openedMs: closes - 90_000, commitEndsMs: closes, voteEndsMs: closes + 120_000 } : {}),
    ...(verdict ? { verdictMs: closes + 120_400 } : {}),
    panel: opened ? KEYS : [],
    quorum: 3,
    winner: state === 'final' || state === 'superseded' ? WINNER : null,
    builders: casts.map((cast, index) => builderOf(cast, index)),
    groups: groupsOf(casts),
    seeders: { [WINNER]: { live: 5, reputable: 3 }, [BACKDOOR]: { live: 1, reputable: 1 } },
    magnets: { [WINNER]: magnetOf(WINNER), [BACKDOOR]: magnetOf(BACKDOOR) },
  };
}

const COUNTS = 'counts: committed before close (entry 8), opened (entry 14), audited (entry 20)';
const HONEST: Cast[] = [0, 1, 2].map((builder) => ({
  builder,
  infoHashV2: WINNER,
  status: 'counts',
  reason: COUNTS,
}));
const ROGUE: Cast = { builder: 4, infoHashV2: BACKDOOR, status: 'counts', reason: COUNTS };
const MIRROR: Cast = {
  builder: 3,
  infoHashV2: WINNER,
  status: 'not counted',
  reason: 'not counted: voted without a commitment before close — a mirror seeds but never counts',
};
const SEALED: Cast[] = [0, 1, 4].map((builder) => ({
  builder,
  status: 'waiting',
  reason: 'waiting: committed (entry 8) and opens it after close',
}));
const WAITING: Cast = {
  builder: 2,
  infoHashV2: WINNER,
  status: 'waiting',
  reason: 'waiting: committed before close (entry 8), opened (entry 14); an audit has not yet seen it seed',
};

const CASTS: Record<ReleaseState, Cast[]> = {
  announced: [],
  committing: SEALED,
  voting: [...HONEST.slice(0, 2), WAITING, ROGUE, MIRROR],
  final: [...HONEST, ROGUE, MIRROR],
  contested: [...HONEST.slice(0, 2), { ...ROGUE, builder: 3 }, ROGUE],
  failed: [
    { builder: 0, infoHashV2: WINNER, status: 'counts', reason: COUNTS },
    {
      builder: 1,
      status: 'not counted',
      reason: 'not counted: reported that it could not build this (entry 9); absence is not dissent',
    },
  ],
  superseded: [...HONEST, ROGUE],
};

function builderOf(cast: Cast, index: number): BuilderOnRelease {
  return {
    key: KEYS[cast.builder] ?? '',
    operator: OPERATORS[cast.builder] ?? '',
    status: cast.status,
    reason: cast.reason,
    ...(cast.infoHashV2 === undefined ? {} : { infoHashV2: cast.infoHashV2 }),
    ...(cast.builder === 3 ? {} : { committedIndex: 8 + index }),
    ...(cast.infoHashV2 === undefined ? {} : { voteIndex: 14 + index }),
    ...(cast.status === 'counts' ? { auditIndex: 20 } : {}),
  };
}

function groupsOf(casts: readonly Cast[]): GroupView[] {
  const hashes = [...new Set(casts.flatMap((cast) => cast.infoHashV2 ?? []))];
  return hashes.map((infoHashV2) => {
    const members = casts.filter((cast) => cast.infoHashV2 === infoHashV2);
    return {
      infoHashV2,
      counted: members.filter((cast) => cast.status === 'counts').length,
      total: members.length,
      builders: members.map((cast) => KEYS[cast.builder] ?? ''),
      output: { name: 'noble-hashes-2.0.1.tgz', sizeBytes: 241_318, sha256: digestOf(`file ${infoHashV2}`) },
    };
  });
}

function magnetOf(infoHashV2: string): string {
  return `magnet:?xt=urn:btmh:1220${infoHashV2}&dn=noble-hashes-2.0.1.tgz&tr=http%3A%2F%2F127.0.0.1%3A8080%2Fannounce`;
}
