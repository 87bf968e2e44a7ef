import type { ReleaseDetail } from '../api/types.ts';
import { releasePath } from '../route.ts';
import { ShortHash } from './hash.tsx';

/** Warns when other releases claim the same name: then the name stands for none of them. */
export function Rivals({ release }: { release: ReleaseDetail }) {
  if (release.rivals.length === 0) return null;
  return (
    <p class="notice">
      Another release claims this name, so the name stands for neither until one is withdrawn:{' '}
      {release.rivals.map((digest, index) => (
        <span key={digest}>
          {index > 0 && ', '}
          <a href={releasePath(digest)}>
            <ShortHash hex={digest} />
          </a>
        </span>
      ))}
    </p>
  );
}
