import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { CheckedPanel } from '../parts/checked-panel.tsx';
import { HowItWorks } from '../parts/how-it-works.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { ReleaseRow } from '../parts/release-row.tsx';
import { older, releases, showOlder } from '../store.ts';
import { inReadingOrder } from '../view/state.ts';
import { counted } from '../view/text.ts';

const SHOWN_AT_ONCE = 50;
const FILTER_FROM = 8;

/** What this is, and every release of the network. */
export function HomePage() {
  useEffect(() => {
    document.title = 'bitquorum: releases that independent builders agree on';
  }, []);
  return (
    <>
      <section class="hero">
        <PageHeading>
          Independent builders rebuild the same sources. You download the bytes they agree on.
        </PageHeading>
        <HowItWorks />
      </section>
      <ReleaseList />
      <CheckedPanel />
    </>
  );
}

function ReleaseList() {
  const filter = useSignal('');
  const shown = useSignal(SHOWN_AT_ONCE);
  const all = releases.value;
  if (!all) return <p class="soft loading">Reading the tally …</p>;
  const wanted = filter.value.trim().toLowerCase();
  const found = inReadingOrder(all).filter((release) => matches(release.package, wanted));
  const hidden = Math.max(0, found.length - shown.value);
  return (
    <section class="list" aria-labelledby="list-title">
      <div class="list-head">
        <h2 id="list-title">Releases</h2>
        {all.length >= FILTER_FROM && (
          <input
            type="search"
            class="filter"
            placeholder="Filter by package"
            aria-label="Filter releases by package"
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
            }}
          />
        )}
      </div>
      {found.length === 0 ? (
        <p class="empty">
          {wanted === ''
            ? 'No publisher has announced a release on this log yet. It will appear here by itself.'
            : older.value > 0
              ? 'None of the releases that were read matches.'
              : 'No release matches.'}
        </p>
      ) : (
        <ul class="rows">
          {found.slice(0, shown.value).map((release) => (
            <ReleaseRow key={release.digest} release={release} />
          ))}
        </ul>
      )}
      {(hidden > 0 || older.value > 0) && (
        <button
          type="button"
          class="button"
          onClick={() => {
            shown.value += SHOWN_AT_ONCE;
            if (found.length < shown.value) showOlder();
          }}
        >
          {wanted === ''
            ? `Show more (${counted(hidden + older.value, 'release')} left)`
            : hidden > 0
              ? `Show more (${counted(hidden, 'match', 'matches')} left)`
              : `Search older (${counted(older.value, 'release')} left)`}
        </button>
      )}
    </section>
  );
}

function matches(purl: string, wanted: string): boolean {
  return wanted === '' || `${purl} ${safeDecode(purl)}`.toLowerCase().includes(wanted);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no percent-encoding: searched as it stands
  }
}
