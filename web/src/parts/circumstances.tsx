import type { ReleaseDetail } from '../api/types.ts';
import { releasePath } from '../route.ts';
import { circumstancesOf, endWords } from '../view/circumstances.ts';
import { ShortHash } from './hash.tsx';
import { Foreign } from './text.tsx';

/** What should be known of a release beside its state: what ended it, in which lane it runs, who drew its panel. */
export function Circumstances({ release }: { release: ReleaseDetail }) {
  const { ended } = release;
  const words = circumstancesOf(release);
  return (
    <>
      {ended !== undefined && (
        <p class="notice">
          {endWords(ended)} “<Foreign text={ended.reason} />
          ”.
          {ended.by !== undefined && (
            <>
              {' '}
              In its place:{' '}
              <a href={releasePath(ended.by)}>
                <ShortHash hex={ended.by} />
              </a>
              .
            </>
          )}
        </p>
      )}
      {words.length > 0 && <p class="soft">{words.join(' ')}</p>}
    </>
  );
}
