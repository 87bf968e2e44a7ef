import { printable } from '../bytes/index.ts';
import type { Winner } from '../client/index.ts';
import type { Output } from './output.ts';
import { formatCount } from './size.ts';

/** In words, how far a result can be trusted, and what should be known beside it. */
export function trustWords(winner: Winner, { colors }: Output): string[] {
  const { level, monitors, witnesses, mentions, size } = winner;
  const by = witnesses === 0 ? '' : `, cosigned by ${witnesses} of your witnesses`;
  const words = {
    full: `full: ${formatCount(size, 'entry', 'entries')} checked and counted again${by}`,
    proof: `proof: ${monitors?.signed.join(', ')} signed who is eligible${by}`,
    tally: colors.yellow(`tally: eligibility on the tally's word${by}`),
  };
  return [`level     ${words[level]}`, ...mentions.map(({ text }) => colors.yellow(`note      ${text}`))];
}

/** The same for programs. */
export function trustJson({ level, monitors, witnesses, mentions }: Winner) {
  return { level, monitors: monitors ?? null, witnesses, mentions };
}

/** That the policy is a demonstration's, if it is. */
export function demoWords({ name, demo }: Winner['policy'], { colors }: Output): string[] {
  return demo ? [colors.yellow(`policy    "${printable(name)}" is a demo: its windows are short`)] : [];
}
