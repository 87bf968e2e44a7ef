import { releaseViews } from '../../../src/tally/index.ts';
import type { ReleaseDetail, ReleaseState, Status } from '../../../web/src/api/types.ts';
import { digestOf, FixtureLog } from './fixture-log.ts';

/** All that a tally says over its API at one moment. */
export interface World {
  status: Status;
  releases: ReleaseDetail[];
}

/** What the honest builders come to. */
export const HONEST = digestOf('honest bytes');
/** What one builder comes to who slips something in. */
export const BACKDOOR = digestOf('bytes with a backdoor');

/** A log like the demo's at work: releases in every state, two of them with windows that run now. */
export function demoLog(): FixtureLog {
  const now = Date.now();
  const log = new FixtureLog(now - 7_200_000);
  decide(log, 'pkg:npm/event-stream@3.3.6', [HONEST, HONEST, null, BACKDOOR, BACKDOOR]);
  decide(log, 'pkg:npm/%40scope/long-tail-of-builders@0.4.0-rc.1', [HONEST, null, null, null, null]);
  decide(log, 'pkg:npm/%40noble/hashes@2.0.1', [HONEST, HONEST, HONEST, null, BACKDOOR]);

  log.advanceTo(now - 100_000);
  const voting = log.announce('pkg:npm/%40noble/hashes@1.8.0', 70, 120);
  log.advanceTo(now - 100_000);
  for (const builder of [0, 1, 2]) log.commit(voting, builder, HONEST);
  log.commit(voting, 4, BACKDOOR);
  log.advanceTo(now - 43_000);
  const committing = log.announce('pkg:npm/uuid@11.1.0', 90, 120);
  log.advanceTo(now - 42_000);
  for (const builder of [0, 2, 4]) log.commit(committing, builder, HONEST);
  log.advanceTo(now - 30_000);
  for (const builder of [0, 1, 2, 3]) log.vote(voting, builder, HONEST);
  log.vote(voting, 4, BACKDOOR);
  log.audit(voting, HONEST, [0, 1]);
  log.audit(voting, BACKDOOR, [4]);
  log.clockMs = now - 1000;
  log.announce('pkg:npm/left-pad@1.3.0', 90, 120);
  return log;
}

/** Brings a release from its announcement to its verdict: what each builder commits to and opens, in order. */
function decide(log: FixtureLog, purl: string, votes: readonly (string | null)[]): void {
  const start = log.clockMs + 60_000;
  log.advanceTo(start);
  const release = log.announce(purl, 60, 60);
  log.advanceTo(start + 200);
  for (const [builder, infoHashV2] of votes.entries()) {
    if (infoHashV2 !== null) log.commit(release, builder, infoHashV2);
  }
  if (votes[1] === null) log.fail(release, 1, 'the compiler that the recipe asks for was not found');
  log.advanceTo(start + 61_000);
  for (const [builder, infoHashV2] of votes.entries()) {
    if (infoHashV2 === null) continue;
    log.vote(release, builder, infoHashV2);
    log.audit(release, infoHashV2, [builder]);
  }
  if (votes[3] === null && votes[0] === votes[2]) log.vote(release, 3, HONEST); // a mirror
  log.advanceTo(start + 122_000);
}

/** What the API of an honest tally says about a log. */
export function worldOf(log: FixtureLog): World {
  const { policy } = log.tally;
  return {
    status: {
      origin: log.logKey.name,
      logKey: log.logKey.vkey,
      size: log.entries.length,
      builders: log.tally.builders.size,
      policy: {
        name: policy?.rules.name ?? '',
        demo: policy?.rules.demo ?? false,
        digest: policy?.digest ?? '',
      },
      announceUrl: 'http://127.0.0.1:8080/announce',
    },
    releases: releaseViews(log.tally).map((view) => Object.assign(view, swarms())),
  };
}

/** Live counts and magnet links, the same for every release of the fixture. */
function swarms(): Pick<ReleaseDetail, 'seeders' | 'magnets'> {
  return {
    seeders: { [HONEST]: { live: 5, reputable: 3 }, [BACKDOOR]: { live: 1, reputable: 1 } },
    magnets: { [HONEST]: magnetOf(HONEST), [BACKDOOR]: magnetOf(BACKDOOR) },
  };
}

/** The release of a world that is in a state. */
export function releaseIn(world: World, state: ReleaseState): ReleaseDetail {
  const found = world.releases.find((release) => release.state === state);
  if (!found) throw new Error(`the world has no release that is ${state}`);
  return found;
}

/** A v2 magnet link (BEP 9, BEP 52). */
export function magnetOf(infoHashV2: string): string {
  return `magnet:?xt=urn:btmh:1220${infoHashV2}&dn=noble-hashes-2.0.1.tgz&tr=http%3A%2F%2F127.0.0.1%3A8080%2Fannounce`;
}
