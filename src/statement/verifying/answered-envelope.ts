import { type Statement, statementOfText } from '../statement.ts';
import type { VerifiedEnvelope } from './verified-envelope.ts';

/** What a thread found out about an envelope. Its statement is put together when somebody asks for it. */
export class AnsweredEnvelope implements VerifiedEnvelope {
  readonly payloadDigest: string;
  readonly signers: readonly string[];
  readonly refused: readonly string[];
  readonly #text: string;
  #statement: Statement | undefined;

  constructor(statement: string, payloadDigest: string, signers: string, refused: string) {
    this.#text = statement;
    this.payloadDigest = payloadDigest;
    this.signers = keysOf(signers);
    this.refused = keysOf(refused);
  }

  get statement(): Statement {
    this.#statement ??= statementOfText(this.#text); // the thread has checked it
    return this.#statement;
  }
}

function keysOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
