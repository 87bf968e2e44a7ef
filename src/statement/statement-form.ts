import { z } from 'zod';
import { hex32, LINE, line } from './fields.ts';
import { LONGEST_PACKAGE } from './limits.ts';
import { hasKeys, isHex32 } from './plain-checks.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const LONGEST_PREDICATE_TYPE = 100;

/** The name of what a statement is about. */
export const subjectName = line(LONGEST_PACKAGE);

/** The JSON of an in-toto statement around any predicate. */
export const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.tuple([z.strictObject({ name: subjectName, digest: z.strictObject({ sha256: hex32 }) })]),
  predicateType: z.string().max(LONGEST_PREDICATE_TYPE),
  predicate: z.unknown(),
});

export type StatementForm = z.infer<typeof statementSchema>;

/** What {@link statementSchema} says, for JSON, in a fraction of its time; it alone says what is wrong. */
export function hasStatementForm(json: unknown): json is StatementForm {
  if (!hasKeys(json, 4)) return false;
  const { _type, subject, predicateType, predicate } = json;
  if (_type !== STATEMENT_TYPE || typeof predicateType !== 'string' || predicate === undefined) return false;
  if (predicateType.length > LONGEST_PREDICATE_TYPE || !Array.isArray(subject)) return false;
  return subject.length === 1 && isSubject(subject[0]);
}

function isSubject(json: unknown): boolean {
  if (!hasKeys(json, 2)) return false;
  const { name, digest } = json;
  if (typeof name !== 'string' || name.length > LONGEST_PACKAGE || !LINE.test(name)) return false;
  return hasKeys(digest, 1) && isHex32(digest['sha256']);
}
