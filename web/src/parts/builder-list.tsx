import type { BuilderOnRelease } from '../api/types.ts';
import { shortHash } from '../view/hash.ts';
import { Foreign } from './text.tsx';

/** Builders with the tally's own sentence why each counts or does not. */
export function BuilderList({ builders }: { builders: readonly BuilderOnRelease[] }) {
  return (
    <ul class="builders">
      {inOrder(builders).map((builder) => (
        <li key={builder.key} class={`builder builder-${toneOf(builder)}`}>
          <span class="builder-mark" aria-hidden="true" />
          <div>
            <strong>{builder.operator === '' ? 'unregistered' : <Foreign text={builder.operator} />}</strong>{' '}
            <code class="builder-key" title={builder.key}>
              {shortHash(builder.key)}
            </code>
            <p class="soft">
              <Foreign text={builder.reason} />
            </p>
            {builder.failure !== undefined && (
              <p class="soft">
                It says: <Foreign text={builder.failure} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

const ORDER = { counts: 0, waiting: 1, 'not counted': 2 } as const;

/** Those that count first. */
function inOrder(builders: readonly BuilderOnRelease[]): BuilderOnRelease[] {
  return [...builders].sort((a, b) => (ORDER[a.status] ?? 3) - (ORDER[b.status] ?? 3));
}

function toneOf({ status, committedIndex }: BuilderOnRelease): string {
  if (status === 'counts') return 'counts';
  return status === 'waiting' && committedIndex !== undefined ? 'waiting' : 'out';
}
