import type { ProofBundle, ProvedEntry, ProvedState } from '../../log/index.ts';
import { nodeHasher } from '../../log/index.ts';
import { type HashTile, proveInclusion, tileNodeReader } from '../../merkle/index.ts';
import { indicesOf, type LightState, lightKeysOf, type Tally } from '../../tally/index.ts';
import { isSignedBy, provedValue, statesWithVouchers } from './vouching.ts';

/** Where the parts of a proof come from. */
export interface ProofSource {
  readonly tally: Tally;
  /** The published checkpoint: a signed note, and how many entries it is of. */
  readonly checkpoint: { readonly size: number; readonly note: Uint8Array };
  /** A leaf as `encodeLeaf` makes it. */
  readonly leaf: (index: number) => Promise<Uint8Array>;
  /** Hashes of a tile of the published tree. */
  readonly tile: (level: number, index: number, width: number) => Promise<Uint8Array>;
  /** What monitors of the policy signed about the `state` at an index, as a signed note, verified. */
  readonly stateNote: (index: number) => Uint8Array | undefined;
  /** The state by which monitors vouched for the policy of an entry. */
  readonly voucher: (policy: number) => ProvedState | undefined;
}

/**
 * The proof of a release under the published checkpoint; undefined when no published entry announces it. Entries that
 * are not published yet are left out; that the last `state` is published is the caller's to see to.
 */
export async function composeProof(source: ProofSource, digest: string): Promise<ProofBundle | undefined> {
  const { tally, checkpoint } = source;
  const release = tally.releases.get(digest);
  const indices = indicesOf(tally, digest);
  if (indices === undefined || release === undefined || release.index >= checkpoint.size) return undefined;
  const shown = statesOf(source, release.predicate.package, digest); // at once: the map goes on with the log
  const wanted = new Set(indices.filter((index) => index < checkpoint.size)).add(checkpoint.size - 1);
  if (shown !== undefined) wanted.add(shown.state.index - 1).add(shown.state.index);
  for (const { index } of shown?.earlier ?? []) wanted.add(index);
  const readNodes = tileNodeReader(checkpoint.size, remembering(source.tile), nodeHasher);
  const entries: ProvedEntry[] = [];
  for (const index of [...wanted].sort((left, right) => left - right)) {
    const hashes = await proveInclusion(index, checkpoint.size, readNodes, nodeHasher);
    entries.push({ index, leaf: await source.leaf(index), hashes });
  }
  return {
    release: digest,
    checkpoint: checkpoint.note,
    entries,
    ...(shown !== undefined && { state: shown.state }),
    ...(shown !== undefined && shown.earlier.length > 0 && { earlier: shown.earlier }),
  };
}

/** Each tile is read once for all entries. */
function remembering(read: ProofSource['tile']): (tile: HashTile) => Promise<Uint8Array> {
  const known = new Map<string, Promise<Uint8Array>>();
  return async ({ level, index, width }) => {
    const name = `${level}/${index}`;
    const tile = known.get(name) ?? read(level, index, width);
    known.set(name, tile);
    return tile;
  };
}

function statesOf(
  source: ProofSource,
  packageUrl: string,
  digest: string,
): ReturnType<typeof statesWithVouchers> | undefined {
  const { tally, checkpoint, stateNote, voucher } = source;
  const chosen = chooseState(source, `release:${digest}`);
  if (chosen === undefined) return undefined;
  const { index, map } = chosen;
  const panel = tally.releases.get(digest)?.draw.panel ?? [];
  const note = stateNote(index);
  const state = {
    index,
    values: lightKeysOf(packageUrl, digest, panel).map((key) => provedValue(map, key)),
    ...(note !== undefined && { note }),
  };
  return statesWithVouchers(tally, checkpoint.size, { state, map }, voucher);
}

/**
 * The newest state that as many monitors have signed as the policy asks for, if it says of the release what the last one
 * says; else the last. Monitors need a while, and in that while nobody shall have to do without them.
 */
function chooseState(
  { tally, checkpoint, stateNote }: ProofSource,
  key: string,
): LightState['recent'][number] | undefined {
  const states = tally.light.recent.filter(({ index }) => index < checkpoint.size);
  const last = states.at(-1);
  const monitors = tally.policy?.rules.monitors ?? { keys: [], quorum: 0 };
  return (
    states.findLast(({ index, map }) => {
      return isSignedBy(stateNote(index), monitors) && map.get(key) === last?.map.get(key);
    }) ?? last
  );
}
