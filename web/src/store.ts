import { signal } from '@preact/signals';
import { followTally } from './api/live.ts';
import { RequestError, requestJson, tallyNow } from './api/request.ts';
import type { ReleaseDetail, ReleasePage, ReleaseSummary, SeederCount, Status } from './api/types.ts';

/** What the tally said last; `undefined` until it has answered once. */
export const status = signal<Status | undefined>(undefined);
export const releases = signal<readonly ReleaseSummary[] | undefined>(undefined);
/** How many releases there are that are older than those. */
export const older = signal(0);
/** The release whose page is open; `null` when the tally knows no such release. */
export const detail = signal<ReleaseDetail | null | undefined>(undefined);
/** Why the last request failed, in words for the reader. */
export const trouble = signal<string | undefined>(undefined);
/** The tally's time, once a second while the page is seen. */
export const now = signal(tallyNow());

const SETTLE_MS = 120;
const RETRY_MS = 4000;

let openDigest: string | undefined;
/** Pages of releases that the reader wants to see, the newest first. */
let pages = 1;
let refreshTimer: ReturnType<typeof setTimeout> | undefined;
let running: AbortController | undefined;
const entryListeners = new Set<() => void>();

/** Begins to follow the tally; nothing ends it but the page. */
export function start(stop: AbortSignal): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') now.value = tallyNow();
  }, 1000);
  followTally(
    {
      entry: () => {
        refreshSoon(SETTLE_MS);
        for (const listener of entryListeners) listener();
      },
      seeders: (infoHashV2, count) => noteSeeders(infoHashV2, count),
      resumed: () => refreshSoon(0),
    },
    stop,
  );
  refreshSoon(0);
}

/** Calls back on each new entry that the tally tells of. */
export function onEntry(listener: () => void): void {
  entryListeners.add(listener);
}

/** Names the release whose page is open (or none), and asks the tally for it. */
export function openRelease(digest: string | undefined): void {
  if (digest !== openDigest) detail.value = undefined;
  openDigest = digest;
  refreshSoon(0);
}

/** Asks the tally again after a moment; requests that come in that moment are one request. */
export function refreshSoon(delayMs: number): void {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(() => void refresh(), delayMs);
}

async function refresh(): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  try {
    const digest = openDigest;
    const [nextStatus, nextPage] = await Promise.all([
      requestJson<Status>('/api/v1/status', mine.signal),
      digest === undefined ? requestReleases(mine.signal) : requestRelease(digest, mine.signal),
    ]);
    status.value = nextStatus;
    if (nextPage !== null && 'releases' in nextPage) {
      releases.value = nextPage.releases;
      older.value = nextPage.before ?? 0;
    } else detail.value = nextPage;
    now.value = tallyNow();
    trouble.value = undefined;
  } catch (error) {
    if (mine.signal.aborted) return;
    trouble.value = error instanceof Error ? error.message : String(error);
    refreshSoon(RETRY_MS);
  }
}

/** Shows another page of older releases. */
export function showOlder(): void {
  pages += 1;
  refreshSoon(0);
}

/** All pages that are wanted, as they are now: what is shown is compared with the reader's own count. */
async function requestReleases(signal: AbortSignal): Promise<ReleasePage> {
  let last = await requestJson<ReleasePage>('/api/v1/releases', signal);
  const read = [last.releases];
  for (let page = 1; page < pages && last.before !== null; page += 1) {
    last = await requestJson<ReleasePage>(`/api/v1/releases?before=${last.before}`, signal);
    read.unshift(last.releases);
  }
  return { releases: read.flat(), before: last.before };
}

async function requestRelease(digest: string, signal: AbortSignal): Promise<ReleaseDetail | null> {
  try {
    return await requestJson<ReleaseDetail>(`/api/v1/releases/${encodeURIComponent(digest)}`, signal);
  } catch (error) {
    if (error instanceof RequestError && (error.status === 404 || error.status === 400)) return null;
    throw error;
  }
}

function noteSeeders(infoHashV2: string, count: SeederCount): void {
  const open = detail.value;
  if (!open?.groups.some((group) => group.infoHashV2 === infoHashV2)) return;
  detail.value = { ...open, seeders: { ...open.seeders, [infoHashV2]: count } };
}
