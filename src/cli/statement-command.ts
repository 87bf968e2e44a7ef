import type { Command } from 'commander';
import {
  ENVELOPE_LIMITS,
  type OpenedEnvelope,
  openEnvelope,
  predicateTypeOf,
  publicKeyOf,
  StatementError,
  verifyEnvelope,
} from '../statement/index.ts';
import { contextOf } from './context.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { ofFile } from './of-file.ts';
import { readSmall } from './read-small.ts';
import { row, statementText } from './statement-text.ts';

/** White space around an envelope in a file, beside its own 4 KB. */
const ROOM_BYTES = 1024;

/** Adds `bitquorum statement show` and `bitquorum statement verify`. */
export function addStatementCommand(program: Command): void {
  const statement = program
    .command('statement')
    .description('read and check signed statements: the entries of a log');

  statement
    .command('show')
    .description('print what a statement says, after checking its form; signatures are not verified')
    .argument('<file>', 'DSSE envelope, or - for standard input')
    .action(async (file: string, _flags: unknown, command: Command) => {
      const { output, signal } = contextOf(command);
      const opened = await readEnvelope(file, signal);
      const signers = opened.signatures.map(({ key }) => row('signature by', `${key}, not verified`));
      output.result(
        { ...jsonOf(opened), signatures: opened.signatures.map(({ key }) => ({ key })) },
        [statementText(opened.statement, opened.payloadDigest), ...signers].join('\n'),
      );
    });

  statement
    .command('verify')
    .description("verify a statement's form and all its signatures; exit code 4 when one is wrong or missing")
    .argument('<file>', 'DSSE envelope, or - for standard input')
    .option('--vkey <vkey>', 'verifier key that must have signed; may be given several times', collect)
    .action(async (file: string, { vkey = [] }: { vkey?: readonly string[] }, command: Command) => {
      const { output, signal } = contextOf(command);
      const wanted = vkey.map(keyOf);
      const opened = await readEnvelope(file, signal);
      const good = verifyEnvelope(opened);
      const signatures = opened.signatures.map(({ key }) => ({ key, good: good.includes(key) }));
      const missing = wanted.filter((key) => !good.includes(key));
      const verified = missing.length === 0 && signatures.every((signature) => signature.good);
      output.result(
        { ...jsonOf(opened), verified, signatures, missing },
        [
          statementText(opened.statement, opened.payloadDigest),
          ...signatures.map((each) => row('signature by', `${each.key}: ${each.good ? 'good' : 'WRONG'}`)),
          ...missing.map((key) => row('signature by', `${key}: MISSING`)),
        ].join('\n'),
      );
      if (verified) return;
      const wrong = signatures.filter((signature) => !signature.good).length;
      throw new StatementError(
        'mismatch',
        `${wrong} of ${signatures.length} signatures are wrong, ${missing.length} of ${wanted.length} wanted keys did not sign`,
      );
    });
}

async function readEnvelope(file: string, signal: AbortSignal): Promise<OpenedEnvelope> {
  const bytes = await readSmall(
    file,
    'envelope of an entry',
    ENVELOPE_LIMITS.envelopeBytes + ROOM_BYTES,
    signal,
  );
  return ofFile(file, () => openEnvelope(trimmed(bytes)));
}

/** Without the white space that editors and shells put around a file. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const isSpace = (byte: number) => byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09;
  const from = bytes.findIndex((byte) => !isSpace(byte));
  return from < 0
    ? bytes.subarray(0, 0)
    : bytes.subarray(from, bytes.findLastIndex((byte) => !isSpace(byte)) + 1);
}

function jsonOf({ statement, payloadDigest }: OpenedEnvelope): object {
  const { kind, subject, predicate } = statement;
  return { kind, predicateType: predicateTypeOf(kind), subject, predicate, payloadDigest };
}

function keyOf(vkey: string): string {
  const key = publicKeyOf(vkey);
  if (key !== undefined) return key;
  throw new UsageError(
    `--vkey ${JSON.stringify(vkey.slice(0, 120))}: give an Ed25519 key as "bitquorum key show" prints it`,
  );
}
