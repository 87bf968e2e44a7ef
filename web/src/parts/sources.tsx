import type { ReleaseDetail } from '../api/types.ts';
import { safeWebLink } from '../view/links.ts';
import { formatBytes } from '../view/measure.ts';
import { WholeHash } from './hash.tsx';
import { Foreign } from './text.tsx';

/** What was built: the recipe, the sources with upstream's own digests, the platform and the profile. */
export function Sources({ release }: { release: ReleaseDetail }) {
  return (
    <section class="panel" aria-labelledby="sources-title">
      <h2 id="sources-title">Recipe and sources</h2>
      <dl class="facts facts-stacked">
        <div>
          <dt>Recipe ({formatBytes(release.recipe.sizeBytes)})</dt>
          <dd>
            <a href={`/blob/${encodeURIComponent(release.recipe.sha256)}`}>
              <WholeHash hex={release.recipe.sha256} />
            </a>
          </dd>
        </div>
        {release.sources.map((source, index) => (
          <div key={index}>
            <dt>
              <Foreign text={source.name} />
            </dt>
            <dd>
              <SourceLink uri={source.uri} />
              <code class="integrity">
                <Foreign text={source.integrity} />
              </code>
            </dd>
          </div>
        ))}
        <div>
          <dt>Built for</dt>
          <dd>
            <span>
              <Foreign text={release.platform === 'any' ? 'any platform' : release.platform} />, as a{' '}
              {release.profile === 'v2' ? 'BitTorrent v2 torrent' : 'hybrid torrent (v1 and v2)'}
            </span>
          </dd>
        </div>
        <div>
          <dt>Release digest</dt>
          <dd>
            <WholeHash hex={release.digest} />
          </dd>
        </div>
        <div>
          <dt>Publisher{release.authorised ? '' : ' (not authorised for this name)'}</dt>
          <dd>
            <WholeHash hex={release.publisher} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function SourceLink({ uri }: { uri: string }) {
  const link = safeWebLink(uri);
  if (link === undefined) return <Foreign text={uri} />;
  return (
    <a class="wrap" href={link} rel="noopener noreferrer nofollow" target="_blank">
      <Foreign text={uri} />
    </a>
  );
}
