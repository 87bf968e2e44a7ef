import { CodedError, printable } from '../bytes/index.ts';

/** What `read` makes of the content of a file or, for `-`, standard input; an error then names it first. */
export function ofFile<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'internal') throw error;
    const name = file === '-' ? 'standard input' : printable(file);
    throw new CodedError(String(error.code), `${name}: ${error.message}`, { cause: error });
  }
}
