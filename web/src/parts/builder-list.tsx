import type { BuilderOnRelease } from '../api/types.ts';
import { shortHash } from '../view/hash.ts';
import { Foreign } from './text.tsx';

/** Builders with the tally's own sentence why each counts or does not. */
export function BuilderList({ builders }: { builders: readonly BuilderOnRelease[] }) {
  return (
    <ul class="builders">
      {builders.map((builder) => (
        <li key={builder.key} class={`builder builder-${toneOf(builder.status)}`}>
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

function toneOf(status: string): string {
  if (status === 'counts') return 'counts';
  return status === 'waiting' ? 'waiting' : 'out';
}
