import { printable } from '../bytes/index.ts';
import { predicateTypeOf, type Statement } from '../statement/index.ts';
import { jsonText } from './output.ts';

const LABEL_WIDTH = 18;

/** One line of a table: a name and what stands under it. */
export function row(label: string, value: string): string {
  return `${label.padEnd(LABEL_WIDTH)} ${value}`;
}

/** A statement for people, one line a field: kind, subject, then the predicate's own. */
export function statementText(statement: Statement, payloadDigest: string): string {
  const { kind, subject, predicate } = statement;
  return [
    row('kind', `${kind} (${predicateTypeOf(kind)})`),
    row('subject', printable(subject.name)),
    row('subject SHA-256', subject.sha256),
    ...Object.entries(predicate).map(([key, value]: [string, unknown]) => row(key, valueText(key, value))),
    row('payload SHA-256', payloadDigest),
  ].join('\n');
}

function valueText(key: string, value: unknown): string {
  if (key.endsWith('Ms') && typeof value === 'number') return `${value} (${new Date(value).toISOString()})`;
  return typeof value === 'string' ? printable(value) : jsonText(value);
}
