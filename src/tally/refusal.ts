/** Why an entry is not taken: at the door before it is logged, or by the count when a log holds it anyway. */
export type RefusalCode =
  | 'no-policy'
  | 'bad-policy'
  | 'wrong-origin'
  | 'wrong-time'
  | 'wrong-signer'
  | 'wrong-subject'
  | 'wrong-content'
  | 'unknown-publisher'
  | 'unknown-builder'
  | 'unknown-release'
  | 'window-below-floor'
  | 'taken'
  | 'duplicate'
  | 'too-early'
  | 'too-late'
  | 'does-not-open';

export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence for people: what was refused, and what to do. */
  readonly reason: string;
}

/** Makes a {@link Refusal}. */
export function refuse(code: RefusalCode, reason: string): Refusal {
  return { code, reason };
}
