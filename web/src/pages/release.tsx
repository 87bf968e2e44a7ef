import { useEffect } from 'preact/hooks';
import type { ReleaseDetail } from '../api/types.ts';
import { result } from '../check/checker.ts';
import { BuilderList } from '../parts/builder-list.tsx';
import { CheckedPanel } from '../parts/checked-panel.tsx';
import { Circumstances } from '../parts/circumstances.tsx';
import { Countdown } from '../parts/countdown.tsx';
import { GetIt } from '../parts/get-it.tsx';
import { Group } from '../parts/group.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { Rivals } from '../parts/rivals.tsx';
import { Seats } from '../parts/seats.tsx';
import { Sources } from '../parts/sources.tsx';
import { StateChip } from '../parts/state-chip.tsx';
import { Foreign } from '../parts/text.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { detail } from '../store.ts';
import { ballotOf } from '../view/ballot.ts';
import { packageWords } from '../view/package.ts';
import { stateLabel, stateSentence } from '../view/state.ts';
import { visibleText } from '../view/text.ts';
import type { StepEntries } from '../view/timeline.ts';

/** One release: its state, the groups and who stands in them, how to get it, and what it was built from. */
export function ReleasePage({ digest }: { digest: string }) {
  const release = detail.value;
  if (release === null) return <NoSuchRelease digest={digest} />;
  if (release === undefined) return <p class="soft loading">Reading the tally …</p>;
  return <Release release={release} />;
}

function Release({ release }: { release: ReleaseDetail }) {
  const words = packageWords(release.package);
  const title = visibleText(`${words.name} ${words.version}`);
  useEffect(() => {
    document.title = `${title}: ${stateLabel(release.state).toLowerCase()} – bitquorum`;
  }, [title, release.state]);
  const grouped = new Set(release.groups.map((group) => group.infoHashV2));
  const others = release.builders.filter(
    (builder) => builder.infoHashV2 === undefined || !grouped.has(builder.infoHashV2),
  );
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">All releases</a>
      </nav>
      <section class="verdict-head">
        <p class="kind soft">
          <Foreign text={[words.type, ...words.qualifiers].filter(Boolean).join(' · ') || 'no package URL'} />
        </p>
        <PageHeading className="package">
          <Foreign text={words.name} />{' '}
          <span class="version">
            <Foreign text={words.version} />
          </span>
        </PageHeading>
        <div class="verdict-line" role="status">
          <StateChip state={release.state} />
          <p>{stateSentence(release)}</p>
        </div>
        <div class="standing">
          {release.panel.length > 0 && <Seats ballot={ballotOf(release)} />}
          <Countdown release={release} />
        </div>
        <Rivals release={release} />
        <Circumstances release={release} />
        <Timeline release={release} entries={stepsOf(release)} />
      </section>
      <div class="columns">
        <div class="side">
          <GetIt release={release} />
          <CheckedPanel />
        </div>
        <section class="groups" aria-labelledby="groups-title">
          <h2 id="groups-title">What the builders came to</h2>
          {release.groups.length === 0 && <p class="empty">{emptyWords(release)}</p>}
          {inOrder(release).map((group) => (
            <Group key={group.infoHashV2} release={release} group={group} />
          ))}
          {others.length > 0 && (
            <article class="group group-empty" aria-label="Builders without a result">
              <h3>{release.groups.length === 0 ? 'Builders so far' : 'Without a result'}</h3>
              <BuilderList builders={others} />
            </article>
          )}
          <Sources release={release} />
        </section>
      </div>
    </>
  );
}

function inOrder(release: ReleaseDetail): ReleaseDetail['groups'] {
  const rank = (group: ReleaseDetail['groups'][number]): number =>
    group.infoHashV2 === release.winner ? Number.POSITIVE_INFINITY : group.counted;
  return [...release.groups].sort((a, b) => rank(b) - rank(a) || b.total - a.total);
}

/** The entries that the page's own reading of the log found for this release. */
function stepsOf(release: ReleaseDetail): StepEntries | undefined {
  const found = result.value;
  if (found?.kind !== 'counted' || found.digest !== release.digest) return undefined;
  return found.steps;
}

function emptyWords(release: ReleaseDetail): string {
  if (release.state === 'announced') return 'Nothing yet: the log has not opened this release.';
  if (release.state === 'committing') return 'Every result is still sealed. They are opened together.';
  return 'No builder has opened a result.';
}

function NoSuchRelease({ digest }: { digest: string }) {
  return (
    <section class="hero">
      <PageHeading>This log has no such release.</PageHeading>
      <p>
        No entry has the digest <code class="wrap">{digest}</code>. <a href="/">See all releases</a>.
      </p>
    </section>
  );
}
