import { printable } from '../bytes/index.ts';
import type { BuilderView } from '../tally/index.ts';
import type { ExplainedRelease, Explanation } from './explanation.ts';
import { formatCount } from './size.ts';

const COLUMN = 11;

/** An explanation in words; text from the log is made safe for a terminal. */
export function explanationText(
  explanation: Explanation,
  { origin, size }: { readonly origin: string; readonly size: number },
): string {
  const log = row('log', `${origin}, ${formatCount(size, 'entry', 'entries')} checked and counted`);
  return [...linesOf(explanation), log].join('\n');
}

function linesOf(explanation: Explanation): string[] {
  switch (explanation.kind) {
    case 'release':
      return releaseLines(explanation);
    case 'package':
      return [
        row('package', explanation.package),
        row('why', explanation.why),
        ...explanation.releases.flatMap((release) => ['', ...releaseLines(release)]),
      ];
    case 'builder':
      return [
        ...builderLines(explanation.builder),
        row('why', explanation.why),
        ...explanation.releases.map(({ package: name, reason }) => row('on', `${name}: ${reason}`)),
      ];
  }
}

function releaseLines({ release, why }: ExplainedRelease): string[] {
  const { seedBy, panel, passed, earlier, urgent, lifted } = release;
  const lot =
    seedBy === 'witnesses' ? "witnesses' cosignatures" : "the log's own entry, which its operator chose";
  return [
    row('release', `${release.digest} (entry ${release.index})`),
    row('package', release.package + (urgent ? ', urgent' : '')),
    row('why', why),
    ...(panel.length === 0 ? [] : [row('panel', `${panel.length} seats, drawn by ${lot}`)]),
    ...(passed.length === 0 ? [] : [row('', `${passed.length} seats passed on at half-time`)]),
    ...earlier.map(({ state, index }, round) => row('before', `round ${round}: ${state} (entry ${index})`)),
    ...(lifted === undefined ? [] : [row('lifted', liftedWords(lifted))]),
    ...release.builders.map(({ key, operator, reason }) =>
      row('builder', `${operator || 'unknown'} (${key.slice(0, 8)}) ${reason}`),
    ),
  ];
}

function liftedWords({ ending, index }: NonNullable<ExplainedRelease['release']['lifted']>): string {
  return (
    `it was ${ending.kind} (entry ${ending.index}: ${ending.reason}); founders let it stand again (entry ${index}), ` +
    'and its publisher alone ends it no more'
  );
}

function builderLines({ key, currentKey, operator, record, tenure }: BuilderView): string[] {
  const { matched, dissented, unopened, equivocated } = record;
  return [
    row('builder', `${operator} (${key})`),
    ...(currentKey === key ? [] : [row('key now', currentKey)]),
    row(
      'record',
      `${matched} matched, ${dissented} differed, ${unopened} unopened, ${equivocated} contradicted`,
    ),
    row('tenure', `${tenure.activeDays} active days, ${tenure.builds} builds, ${tenure.canaries} canaries`),
  ];
}

function row(name: string, words: string): string {
  return `${name.padEnd(COLUMN)}${printable(words)}`;
}
