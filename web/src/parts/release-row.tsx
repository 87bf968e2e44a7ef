import type { ReleaseSummary } from '../api/types.ts';
import { result } from '../check/checker.ts';
import { releasePath } from '../route.ts';
import { now } from '../store.ts';
import { ballotOf } from '../view/ballot.ts';
import { formatAgo } from '../view/measure.ts';
import { packageWords } from '../view/package.ts';
import { Countdown } from './countdown.tsx';
import { BitPrint, ShortHash } from './hash.tsx';
import { Seats } from './seats.tsx';
import { StateChip } from './state-chip.tsx';
import { Foreign } from './text.tsx';

/** One release in the list: what it is, how its vote stands, what won. */
export function ReleaseRow({ release }: { release: ReleaseSummary }) {
  const words = packageWords(release.package);
  const ballot = ballotOf(withBuilders(release));
  return (
    <li class="row">
      <div class="row-what">
        <a class="row-link" href={releasePath(release.digest)}>
          <Foreign text={words.name} />{' '}
          {words.version !== '' && (
            <span class="version">
              <Foreign text={words.version} />
            </span>
          )}
        </a>
        <span class="soft">
          <Foreign text={[words.type, ...words.qualifiers].filter(Boolean).join(' · ') || 'no package URL'} />
          {!release.authorised && ' · not by an authorised publisher'}
        </span>
      </div>
      <div class="row-state">
        <StateChip state={release.state} />
        <Countdown release={release} />
        {release.verdictMs !== undefined && (
          <span class="soft">{formatAgo(now.value - release.verdictMs)}</span>
        )}
      </div>
      <div class="row-votes">
        {release.state === 'announced' ? <span class="soft">no panel yet</span> : <Seats ballot={ballot} />}
        {release.state !== 'announced' && <span class="soft">{voteWords(release)}</span>}
      </div>
      <div class="row-winner">
        {release.winner === null ? (
          <span class="soft">no winner</span>
        ) : (
          <>
            <BitPrint hex={release.winner} kind="winner" />
            <ShortHash hex={release.winner} />
          </>
        )}
      </div>
    </li>
  );
}

/** The list comes without builders; the page's own count has them, and with them the sealed seats. */
function withBuilders(release: ReleaseSummary): ReleaseSummary {
  const found = result.value;
  const own =
    found?.kind === 'counted' ? found.releases.find((each) => each.digest === release.digest) : undefined;
  return own ? { ...release, builders: own.builders } : release;
}

function voteWords(release: ReleaseSummary): string {
  const most = release.groups.reduce((max, group) => Math.max(max, group.counted), 0);
  return `${most} of ${release.panel.length} agree, ${release.quorum} needed`;
}
