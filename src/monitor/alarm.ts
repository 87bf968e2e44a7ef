import { CodedError } from '../bytes/index.ts';

/**
 * What a monitor raises. Proved for good by what the log's key signed, and kept for ever: `fork` (two trees that do
 * not extend each other), `wrong-entry` (an entry of the log's own that the count does not confirm: who is eligible
 * and drawn, what is closed, what wins, what the state is), `late-seed` (a lot drawn by younger cosignatures than the log
 * had shown: its operator may have chosen among several), `backdated` (a receipt time that lies before what was already
 * shown).
 *
 * True as long as it lasts: `equivocation` (a builder that counts contradicted itself about what is not decided
 * yet), `unreadable` (an entry of no form that this version knows), `rollback` (less is shown than was), `wrong-tree` (what is served is not what is signed),
 * `unsigned` (a checkpoint that the log's key did not sign), `unwitnessed` (too few witnesses cosigned), `freeze` (no
 * sign of life, or less shown here than elsewhere), `ahead` (a time that has not come), `overdue` (the log owes an entry).
 */
export type AlarmKind =
  | 'fork'
  | 'wrong-entry'
  | 'late-seed'
  | 'unreadable'
  | 'backdated'
  | 'rollback'
  | 'wrong-tree'
  | 'unsigned'
  | 'unwitnessed'
  | 'freeze'
  | 'ahead'
  | 'equivocation'
  | 'overdue';

const FOR_EVER: ReadonlySet<AlarmKind> = new Set(['fork', 'wrong-entry', 'late-seed', 'backdated']);

/** An alarm as it is found. */
export interface Finding {
  readonly kind: AlarmKind;
  /** One sentence for people. */
  readonly message: string;
  /** What tells this alarm from others of its kind; the same one is raised once. */
  readonly key: string;
  /** Kind of the entry that is wrong (`open`, `verdict`, `state`, …), and its index. */
  readonly entry?: { readonly kind: string; readonly index: number };
  /** Files that prove it, by name. */
  readonly evidence: Readonly<Record<string, Uint8Array>>;
}

/** Whether an alarm of a kind says anything against the log: it holds what a builder says twice, as it should. */
export function isAboutLog(kind: AlarmKind): boolean {
  return kind !== 'equivocation';
}

/** Whether an alarm of a kind, once raised, never ends. */
export function isForEver(kind: AlarmKind): boolean {
  return FOR_EVER.has(kind);
}

/** Why a monitor cannot work: its own folder is damaged, its address is taken, the log is longer than it reads. */
export class MonitorError extends CodedError<'bad-state' | 'bad-address' | 'too-large'> {}

/** A finding that ends a round: what follows cannot be checked. */
export class FindingError extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.message);
    this.name = 'FindingError';
    this.finding = finding;
  }
}
