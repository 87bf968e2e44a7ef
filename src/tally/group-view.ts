import type { Output } from '../statement/browser.ts';
import type { ReleaseState, Tally } from './state.ts';
import { hasWeight, isCounted } from './weight.ts';

/** Everybody who voted for one infohash. */
export interface GroupView {
  readonly infoHashV2: string;
  /** Votes that count. */
  readonly counted: number;
  /** All votes, mirrors' too. */
  readonly total: number;
  /** Keys of all of them, sorted. */
  readonly builders: readonly string[];
  /** What most of the counted (else: of all) say it holds; the download proves it. */
  readonly output?: Output;
}

interface Member {
  readonly key: string;
  readonly counts: boolean;
  readonly output: Output;
}

/** The groups of a release as they stand: the most counted votes first, then the most votes. */
export function groupsOf(tally: Tally, release: ReleaseState): GroupView[] {
  const members = new Map<string, Member[]>();
  for (const [key, ballot] of release.ballots) {
    if (ballot.vote === undefined) continue;
    const { infoHashV2, output } = ballot.vote;
    const counts = hasWeight(tally, release, key) && isCounted(ballot);
    const group = members.get(infoHashV2);
    if (group === undefined) members.set(infoHashV2, [{ key, counts, output }]);
    else group.push({ key, counts, output });
  }
  return [...members]
    .map(([infoHashV2, group]) => groupView(infoHashV2, group))
    .sort(
      (left, right) =>
        right.counted - left.counted ||
        right.total - left.total ||
        (left.infoHashV2 < right.infoHashV2 ? -1 : 1),
    );
}

function groupView(infoHashV2: string, group: readonly Member[]): GroupView {
  const counted = group.filter(({ counts }) => counts);
  const output = mostSaid((counted.length > 0 ? counted : group).map((member) => member.output));
  return {
    infoHashV2,
    counted: counted.length,
    total: group.length,
    builders: group.map(({ key }) => key).sort(),
    ...(output === undefined ? {} : { output }),
  };
}

/** The value given most often; of equals the first in order of its JSON text. */
function mostSaid(outputs: readonly Output[]): Output | undefined {
  const said = new Map<string, { output: Output; times: number }>();
  for (const output of outputs) {
    const text = JSON.stringify([output.name, output.sizeBytes, output.sha256 ?? null]);
    const known = said.get(text);
    if (known === undefined) said.set(text, { output, times: 1 });
    else known.times += 1;
  }
  const [best] = [...said].sort(
    ([left, { times: leftTimes }], [right, { times: rightTimes }]) =>
      rightTimes - leftTimes || (left < right ? -1 : 1),
  );
  return best?.[1].output;
}
