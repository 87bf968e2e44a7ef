/**
 * Base of every error that a user may cause: `code` is a literal that programs switch on, the message names
 * the offending input and what to do. Each room that refuses input derives one class from it.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A broken invariant: a fault of this program, never of its input. */
export class InternalError extends CodedError<'internal'> {
  constructor(message: string, options?: ErrorOptions) {
    super('internal', message, options);
  }
}
