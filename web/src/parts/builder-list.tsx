import type { BuilderOnRelease } from '../api/types.ts';
import { Foreign } from './text.tsx';

const MARKS = { counts: 'counts', waiting: 'waiting', 'not counted': 'not counted' } as const;

/** Builders with the tally's own sentence why each counts or does not. */
export function BuilderList({ builders }: { builders: readonly BuilderOnRelease[] }) {
  return (
    <ul class="builders">
      {builders.map((builder) => (
        <li key={builder.key} class={`builder builder-${toneOf(builder.status)}`}>
          <span class="builder-mark" aria-hidden="true" />
          <div>
            <strong title={builder.key}>
              <Foreign text={builder.operator} />
            </strong>{' '}
            <span class="builder-status">{MARKS[builder.status] ?? 'unknown'}</span>
            <EntryIndexes builder={builder} />
            <p class="soft">
              <Foreign text={builder.reason} />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function EntryIndexes({ builder }: { builder: BuilderOnRelease }) {
  const parts: [string, number | undefined][] = [
    ['commit', builder.committedIndex],
    ['vote', builder.voteIndex],
    ['audit', builder.auditIndex],
  ];
  const known = parts.filter(([, index]) => index !== undefined);
  if (known.length === 0) return null;
  return <span class="indexes">{known.map(([name, index]) => `${name} #${index}`).join(' · ')}</span>;
}

function toneOf(status: string): string {
  if (status === 'counts') return 'counts';
  return status === 'waiting' ? 'waiting' : 'out';
}
