import { issueWords, toUtf8 } from '../bytes/index.ts';
import { NoteError, parseVkey } from '../note/index.ts';
import { StatementError } from './errors.ts';
import { hex32 } from './fields.ts';
import { KINDS, type Kind, type Predicate, type PredicateInput, predicates } from './predicates.ts';
import {
  hasStatementForm,
  STATEMENT_TYPE,
  type StatementForm,
  statementSchema,
  subjectName,
} from './statement-form.ts';

/** What a statement is about: a name and a SHA-256 (64 hex digits); docs/protocol.md lists both per kind. */
export interface Subject {
  readonly name: string;
  readonly sha256: string;
}

/** A statement of one kind, checked by its schema. */
export interface StatementOf<K extends Kind> {
  readonly kind: K;
  readonly subject: Subject;
  readonly predicate: Predicate<K>;
}

/** A statement of any kind; `kind` tells them apart. */
export type Statement = { [K in Kind]: StatementOf<K> }[Kind];

/** The predicate type of a kind, a URI of our own scheme: `bitquorum:vote/v1`. */
export function predicateTypeOf(kind: Kind): string {
  return `bitquorum:${kind}/v1`;
}

const kindOfPredicateType = new Map(KINDS.map((kind) => [predicateTypeOf(kind), kind]));

/** Makes a statement and checks it by its schema. Throws `bad-statement`, naming the field. */
export function makeStatement<K extends Kind>(
  kind: K,
  subject: Subject,
  predicate: PredicateInput<K>,
): StatementOf<K> {
  const name = subjectName.safeParse(subject.name);
  const digest = hex32.safeParse(subject.sha256);
  if (!name.success || !digest.success)
    throw refusal(kind, `its subject ${JSON.stringify(subject)} is malformed`);
  return checked(kind, subject, predicate) as StatementOf<K>;
}

/**
 * The JSON of a statement in wire form (in-toto Statement v1), as UTF-8:
 * `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name","digest":{"sha256"}}],"predicateType","predicate"}`.
 */
export function encodeStatement(statement: Statement): Uint8Array<ArrayBuffer> {
  return toUtf8(statementText(statement));
}

/** What {@link encodeStatement} writes, as a text. */
export function statementText({ kind, subject, predicate }: Statement): string {
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: [{ name: subject.name, digest: { sha256: subject.sha256 } }],
    predicateType: predicateTypeOf(kind),
    predicate,
  });
}

/** Reads what {@link statementText} has written of a statement that was checked; nothing is checked again. */
export function statementOfText(text: string): Statement {
  const { subject, predicateType, predicate } = JSON.parse(text) as StatementForm;
  const [{ name, digest }] = subject;
  const kind = kindOfPredicateType.get(predicateType);
  return { kind, subject: { name, sha256: digest.sha256 }, predicate } as Statement;
}

/** Reads a statement from parsed JSON. Unknown kinds, unknown keys and wrong subjects are refused. */
export function statementFromJson(json: unknown): Statement {
  const { subject, predicateType, predicate } = checkForm(json);
  const kind = kindOfPredicateType.get(predicateType);
  if (kind === undefined)
    throw refusal('in-toto', `predicate type ${JSON.stringify(predicateType)} is unknown`);
  return checked(kind, { name: subject[0].name, sha256: subject[0].digest.sha256 }, predicate);
}

function checkForm(json: unknown): StatementForm {
  if (hasStatementForm(json)) return json;
  const parsed = statementSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refusal('in-toto', issueWords(parsed.error.issues));
}

function checked(kind: Kind, subject: Subject, predicate: unknown): Statement {
  const parsed = predicates[kind].safeParse(predicate);
  if (!parsed.success) throw refusal(kind, issueWords(parsed.error.issues));
  const statement = { kind, subject, predicate: parsed.data } as Statement;
  checkSubject(statement);
  return statement;
}

/** What the subject must be, as far as the statement alone tells; the tally checks the rest. */
function checkSubject(statement: Statement): void {
  const { subject } = statement;
  const expected = expectedSubject(statement);
  if (expected.name !== undefined && expected.name !== subject.name) {
    throw refusal(
      statement.kind,
      `its subject is named ${JSON.stringify(subject.name)}, not ${expected.name}`,
    );
  }
  if (expected.sha256 !== undefined && expected.sha256 !== subject.sha256) {
    throw refusal(statement.kind, `its subject has SHA-256 ${subject.sha256}, not ${expected.sha256}`);
  }
}

function expectedSubject(statement: Statement): Partial<Subject> {
  switch (statement.kind) {
    case 'policy':
    case 'heartbeat':
      return { name: statement.kind };
    case 'builder':
      checkVkey(statement);
      return { name: statement.predicate.operator };
    case 'rotate':
      checkVkey(statement);
      return { name: 'rotate', sha256: statement.predicate.builder };
    case 'revoke':
      return { name: 'revoke', sha256: statement.predicate.builder };
    case 'release':
      return { name: statement.predicate.package, sha256: statement.predicate.recipe.sha256 };
    case 'state':
      return { name: 'state', sha256: statement.predicate.root };
    default:
      return { sha256: statement.predicate.release };
  }
}

/** Whose key it must be, the count tells: a builder's first one, or the one it rotated to. */
function checkVkey({ kind, predicate }: StatementOf<'builder'> | StatementOf<'rotate'>): void {
  try {
    parseVkey(predicate.vkey);
  } catch (cause) {
    if (cause instanceof NoteError) throw refusal(kind, cause.message, cause);
    throw cause;
  }
}

function refusal(kind: string, why: string, cause?: unknown): StatementError {
  return new StatementError('bad-statement', `the ${kind} statement is refused: ${why}`, { cause });
}
