import type { LogOptions } from '../../src/log/index.ts';
import type { TlogPolicy } from '../../src/note/index.ts';
import { WitnessCircle } from '../../src/witness/index.ts';
import { logKey } from '../log/samples.ts';

/** How a log asks the witnesses of a trust policy, as a tally does. */
export function witnessedBy(policy: TlogPolicy): Pick<LogOptions, 'cosign' | 'newestHeads'> {
  const circle = new WitnessCircle(policy, { logVkey: logKey.vkey });
  return {
    cosign: (head, prove, signal) => circle.cosign(head, prove, signal),
    newestHeads: () => circle.newestHeads(new AbortController().signal),
  };
}
