import type { ReleaseView } from '../../../src/tally/index.ts';
import type { ReleaseSummary } from '../api/types.ts';

const COMPARED = [
  'digest',
  'package',
  'publisher',
  'authorised',
  'state',
  'profile',
  'platform',
  'recipe',
  'sources',
  'panel',
  'quorum',
  'winner',
  'groups',
  'builders',
] as const;

/**
 * What the page shows against what it counted itself: the names of all that differs, `package: field`. Only
 * fields that the tally gave are compared, whatever the order of their keys.
 */
export function differencesOf(shown: readonly ReleaseSummary[], counted: readonly ReleaseView[]): string[] {
  const own = new Map(counted.map((release) => [release.digest, release]));
  const found: string[] = [];
  for (const release of shown) {
    const mine = own.get(release.digest);
    if (!mine) {
      found.push(`${release.package}: not in the log`);
      continue;
    }
    for (const field of COMPARED) {
      const said = (release as Partial<ReleaseView>)[field];
      if (said !== undefined && inOrder(said) !== inOrder(mine[field]))
        found.push(`${release.package}: ${field}`);
    }
  }
  return found;
}

/** JSON with sorted keys. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
