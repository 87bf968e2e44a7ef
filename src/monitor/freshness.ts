import type { TlogPolicy } from '../note/index.ts';
import { nextDueMs, type Tally } from '../tally/index.ts';
import type { Finding } from './alarm.ts';
import type { MonitorLimits } from './limits.ts';
import { isWitnessed, type SignedView } from './signed-view.ts';

interface TimeParts {
  readonly nowMs: number;
  readonly limits: MonitorLimits;
  readonly witnesses: TlogPolicy | undefined;
}

/** What is wrong about a log's time: it is silent, ahead, apart from its witnesses', or owes an entry. */
export function timeFindings(
  tally: Tally,
  view: SignedView,
  { nowMs, limits, witnesses }: TimeParts,
): readonly Finding[] {
  const evidence = { 'shown.checkpoint': view.note };
  const findings: Finding[] = [];
  const ageSeconds = Math.round((nowMs - tally.timeMs) / 1000);
  const most = limits.missedHeartbeats * (tally.policy?.rules.heartbeatSeconds ?? 0);
  if (ageSeconds > most) {
    const message = `the newest entry is ${ageSeconds} s old, and the policy lets the log be silent for ${most} s`;
    findings.push({ kind: 'freeze', key: 'silent', message, evidence });
  }
  if (-ageSeconds > limits.aheadSeconds) {
    const message = `the newest entry is ${-ageSeconds} s ahead of this clock`;
    findings.push({ kind: 'ahead', key: 'clock', message, evidence });
  }
  const late = view.cosigners.filter(({ timestamp }) => aheadOf(tally, timestamp) > limits.aheadSeconds);
  // Witnesses beyond the quorum raise nothing: one alone, whose clock is wrong, is no fault of the log.
  if (witnesses === undefined || !isWitnessed(without(view, late), witnesses)) {
    for (const { vkey, timestamp } of late) {
      const message = `the newest entry is ${aheadOf(tally, timestamp)} s later than the witness ${vkey.split('+')[0]} cosigned it`;
      findings.push({ kind: 'ahead', key: vkey, message, evidence });
    }
  }
  const due = owedSinceMs(tally);
  if (due !== undefined && tally.timeMs - due > limits.behindSeconds * 1000) {
    const message = `the log owes an entry since ${Math.round((tally.timeMs - due) / 1000)} s of its own time, and goes on without it`;
    findings.push({ kind: 'overdue', key: 'entry', message, evidence });
  }
  return findings;
}

function aheadOf({ timeMs }: Tally, timestamp: number): number {
  return Math.round(timeMs / 1000) - timestamp;
}

function without(view: SignedView, some: SignedView['cosigners']): SignedView {
  return { ...view, cosigners: view.cosigners.filter((cosigner) => !some.includes(cosigner)) };
}

/** Since when the log owes an entry: something that is due, or the `open` of a release. */
function owedSinceMs(tally: Tally): number | undefined {
  let since = nextDueMs(tally);
  for (const digest of tally.unfinished) {
    const release = tally.releases.get(digest);
    if (release?.phase === 'announced') since = Math.min(since ?? Infinity, release.place.timeMs);
  }
  return since;
}
