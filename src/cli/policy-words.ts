import {
  ENVELOPE_LIMITS,
  generateKey,
  makeStatement,
  type PolicyRules,
  StatementError,
  signStatement,
} from '../statement/index.ts';
import { formatCount } from './size.ts';

const HOUR_SECONDS = 3600;

/** A policy in words, one row a group of figures. */
export function policyText(rules: PolicyRules, digest: string): string {
  const { windows, urgent, tenure, admission, divergence, canary, witnesses, monitors } = rules;
  return [
    ['policy', `"${rules.name}"${rules.demo ? ', a demo' : ''}`],
    ['digest', digest],
    ['founders', `${rules.founders.length}, ${rules.foundersQuorum} of them sign a policy`],
    ...rules.publishers.map(({ prefix, keys }) => [
      'publisher',
      `${prefix}… by ${formatCount(keys.length, 'key')}`,
    ]),
    [
      'panel',
      `${rules.panelSeats} seats; ${rules.minimumVotes} votes at least, ${share(rules.panelMargin)} of those cast`,
    ],
    ['seniors', `${share(rules.foundersMargin)} of the founders' and elders' votes cast`],
    [
      'windows',
      `commit ${time(windows.commitFloorSeconds)}, vote ${time(windows.voteFloorSeconds)}${windows.endEarly ? ', ended early' : ''}`,
    ],
    [
      'urgent',
      `${urgent.founders} founders sign; commit ${time(urgent.commitFloorSeconds)}, vote ${time(urgent.voteFloorSeconds)}; provisional by ${urgent.provisionalClusters}`,
    ],
    [
      'tenure',
      `${tenure.activeDays} active days, ${tenure.builds} builds, ${tenure.canaries} canaries; elders after ${rules.elderDays} days`,
    ],
    [
      'admission',
      `${admission.least} or ${share(admission.share)} of the eligible in ${admission.periodDays} days`,
    ],
    [
      'divergence',
      `where ${divergence.clusters} clusters voted and ${share(divergence.share)} agree; ${divergence.graceDays} days to open late; founders ${divergence.founderSuspensionDays} days`,
    ],
    ['cooling', `${rules.coolingDays} days`],
    [
      'canaries',
      `${formatCount(canary.perRelease, 'group')} of ${canary.group}; commit ${time(canary.commitSeconds)}, vote ${time(canary.voteSeconds)}; settled by ${canary.settlers} founders in ${canary.settleDays} days`,
    ],
    ['witnesses', cosigners(witnesses)],
    ['monitors', cosigners(monitors)],
    ['heartbeat', `at least every ${time(rules.heartbeatSeconds)}`],
  ]
    .map(([name = '', words = '']) => `${name.padEnd(11)}${words}`)
    .join('\n');
}

/** What a policy may say, and its operator may not mean. */
export function warningsOf(rules: PolicyRules): string[] {
  const { founders, foundersQuorum, minimumVotes, panelSeats, publishers, canary, witnesses, monitors } =
    rules;
  return [
    [rules.demo, 'demo = true: every count under it is shown as a demo’s'],
    [
      founders.length < minimumVotes,
      `${formatCount(founders.length, 'founder')} cannot reach ${minimumVotes} votes: nothing is final before others are eligible`,
    ],
    [
      panelSeats < minimumVotes,
      `${panelSeats} seats never give ${minimumVotes} votes: nothing is ever final`,
    ],
    [
      foundersQuorum * 2 <= founders.length,
      `${foundersQuorum} of ${founders.length} founders, no majority, can change every rule`,
    ],
    [
      canary.perRelease > 0 && founders.length < canary.settlers,
      `${formatCount(founders.length, 'founder')} can never settle a canary that asks for ${canary.settlers}: who builds another one is not judged`,
    ],
    [
      canary.perRelease > 0 &&
        founders.length >= canary.settlers &&
        founders.length - canary.group < canary.settlers,
      `with ${canary.group} founders in one canary group fewer than ${canary.settlers} are left to settle it: then nobody is judged`,
    ],
    [publishers.length === 0, 'nobody may publish: no release has a panel or a name'],
    [
      witnesses.quorum === 0,
      'no witnesses: the operator of the log could try entries until a panel suits it',
    ],
    [
      monitors.quorum === 0,
      'no monitors: who is eligible stands on the tally’s word for clients that do not count',
    ],
    [
      !fitsEntry(rules),
      `signed by ${foundersQuorum} founders it exceeds the ${ENVELOPE_LIMITS.envelopeBytes} bytes of an entry: name fewer keys`,
    ],
  ].flatMap(([holds, warning]) => (holds === true ? [String(warning)] : []));
}

/** Whether the entry that puts a policy in force can be logged, under an origin of middling length. */
function fitsEntry(rules: PolicyRules): boolean {
  const origin = 'bitquorum.example/log-of-middling-length';
  const statement = makeStatement(
    'policy',
    { name: 'policy', sha256: '00'.repeat(32) },
    { origin, timeMs: 1_790_000_000_000, rules, effectiveMs: 1_790_000_000_000 },
  );
  try {
    signStatement(
      statement,
      Array.from({ length: rules.foundersQuorum }, (_, at) => generateKey(`founder-${at}`)),
    );
    return true;
  } catch (error) {
    if (error instanceof StatementError && error.code === 'too-large') return false;
    throw error;
  }
}

function share([part, whole]: readonly [number, number]): string {
  return `${part}/${whole}`;
}

function time(seconds: number): string {
  return seconds % HOUR_SECONDS === 0 ? `${seconds / HOUR_SECONDS} h` : `${seconds} s`;
}

function cosigners({ keys, quorum }: PolicyRules['witnesses']): string {
  return quorum === 0 ? 'none' : `${quorum} of ${keys.length}`;
}
