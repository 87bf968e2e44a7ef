import { printable } from '../bytes/index.ts';
import type { ReleaseView } from '../tally/index.ts';
import type { CheckedProof } from './proof/check-proof.ts';

/** Something that whoever installs a release should know, though it does not keep it from winning. */
export interface Mention {
  readonly about: 'newer' | 'urgent' | 'ended' | 'lifted' | 'provisional' | 'rivals' | 'lapsed' | 'policy';
  /** One sentence for people, safe to print. */
  readonly text: string;
}

/** What of the count a mention may be about. */
export interface Known extends Pick<CheckedProof, 'newer' | 'lapsed'> {
  readonly release: ReleaseView;
  /** Of a proof. */
  readonly policies?: CheckedProof['policies'];
}

/** What is to be said beside a release. */
export function mentionsOf({ release, newer, lapsed, policies }: Known): Mention[] {
  const mentions: Mention[] = [];
  const { state, ended, lifted } = release;
  if (ended !== undefined) {
    const by = ended.by === undefined ? '' : ` by release ${ended.by}`;
    const text = `this release is ${ended.kind}${by} (entry ${ended.index}): ${printable(ended.reason)}`;
    mentions.push({ about: 'ended', text });
  }
  if (lifted !== undefined) {
    const { kind, index, reason } = lifted.ending;
    const text = `it was ${kind} in entry ${index} (${printable(reason)}), until founders asked again in entry ${lifted.index}`;
    mentions.push({ about: 'lifted', text });
  }
  if (state === 'provisional') {
    const text =
      'NOT DECIDED: this urgent release is provisional: founders and elders agree, the panel has not decided yet';
    mentions.push({ about: 'provisional', text });
  }
  if (release.rivals.length > 0) {
    mentions.push({ about: 'rivals', text: `other releases claim this name: ${release.rivals.join(', ')}` });
  }
  if (newer.urgent !== undefined && newer.urgent.release !== newer.final?.release) {
    const text = `a release logged later is urgent, and not final: ${printable(newer.urgent.package)}`;
    mentions.push({ about: 'urgent', text });
  }
  if (newer.final !== undefined) {
    mentions.push({
      about: 'newer',
      text: `a release logged later is final: ${printable(newer.final.package)}`,
    });
  }
  if (lapsed.length > 0) {
    const who = lapsed.map((key) => key.slice(0, 8)).join(', ');
    mentions.push({
      about: 'lapsed',
      text: `${lapsed.length} of its panel would not be eligible today: ${who}`,
    });
  }
  if (policies?.unwatched !== undefined) {
    mentions.push({
      about: 'policy',
      text: `the policy of entry ${policies.unwatched} followed one without monitors: no more than its founders’ keys vouch for it`,
    });
  }
  return mentions;
}
