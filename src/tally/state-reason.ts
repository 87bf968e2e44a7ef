import { isWitnessed } from './lot-seed.ts';
import { provisionalOf } from './provisional.ts';
import type { GivenVerdict, Lifted, ReleaseState, Tally } from './state.ts';
import { hasWeight, isUnopened } from './weight.ts';

/** Why a release is in the state that it is in: one sentence, with the entry that proves it. */
export function stateReason(tally: Tally, digest: string): string | undefined {
  const release = tally.releases.get(digest);
  return release && reasonOf(tally, release);
}

function reasonOf(tally: Tally, release: ReleaseState): string {
  const { ended, verdict, index } = release;
  if (ended !== undefined) return endReason(tally, ended);
  if (!release.authorised) {
    return `announced (entry ${index}) by a key that may not publish ${release.predicate.package} under the policy, so it has no panel`;
  }
  if (release.rival) {
    const live = tally.names.get(release.predicate.package)?.live ?? '';
    const holder = tally.releases.get(live);
    return `contested: release ${live} (entry ${holder?.index}) holds its name, and both stand`;
  }
  return verdict === undefined ? runningReason(tally, release) : verdictReason(tally, release, verdict);
}

function endReason(tally: Tally, { kind, index, reason, by }: NonNullable<ReleaseState['ended']>): string {
  const heir = by === undefined ? undefined : tally.releases.get(by);
  const whose =
    heir === undefined ? '' : ` by ${heir.predicate.package} (release ${by}, entry ${heir.index})`;
  return `${kind} (entry ${index})${whose}: ${reason}`;
}

function runningReason(tally: Tally, release: ReleaseState): string {
  const { open, closeIndex, place, rules, round } = release;
  const again = release.lifted === undefined ? '' : `, ${liftedText(release.lifted)}`;
  const asked = round === 0 ? 'announced' : `asked about again, round ${round}${again}`;
  if (open === undefined) {
    const { quorum } = rules.witnesses;
    const wait = isWitnessed(release)
      ? `; it is opened with the first checkpoint that holds it and ${quorum} witnesses cosigned`
      : '';
    return `${asked} (entry ${place.index})${wait}`;
  }
  if (closeIndex === undefined) {
    return `committing: opened (entry ${open.index}); commitments are taken until ${momentText(release.commitEndsMs)}`;
  }
  const provisional = provisionalOf(tally, release);
  const until = `votes are taken until ${momentText(release.voteEndsMs)}`;
  return provisional === undefined
    ? `voting: commitments were closed (entry ${closeIndex}); ${until}`
    : `provisional, no verdict: ${provisional.builders.length} clusters of founders or elders agree on ${provisional.infoHashV2} and none differs; ${until}`;
}

/** What founders lifted: the end of a sentence. */
function liftedText({ ending, index }: Lifted): string {
  return `though it was ${ending.kind} in entry ${ending.index}: founders let it stand again in entry ${index}`;
}

function verdictReason(tally: Tally, release: ReleaseState, { index, outcome }: GivenVerdict): string {
  const { rules, draw } = release;
  const unopened = draw.panel.filter(
    (key) => isUnopened(release.ballots.get(key)) && hasWeight(tally, release, key),
  );
  const best = outcome.groups[0]?.builders ?? [];
  const cast = [...outcome.groups.flatMap(({ builders }) => builders), ...unopened];
  const seniors = (keys: readonly string[]) => keys.filter((key) => draw.seniors.includes(key)).length;
  const asked = [
    `${draw.quorum} of ${draw.panel.length} seats`,
    `${rules.panelMargin.join('/')} of the votes cast`,
    `${rules.foundersMargin.join('/')} of the founders' and elders'`,
  ].join(', ');
  const figures =
    `the largest group has ${best.length} of ${cast.length} votes cast and ${seniors(best)} of the founders' and ` +
    `elders' ${seniors(cast)}; asked for are ${asked}`;
  const never =
    unopened.length === 0 ? '' : `; ${unopened.length} commitments were never opened, which is dissent`;
  const winner = outcome.infoHashV2 === null ? '' : ` for ${outcome.infoHashV2}`;
  return `${outcome.state}${winner} (entry ${index}): ${figures}${never}`;
}

/** A moment of UTC to the second. */
function momentText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
