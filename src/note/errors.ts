import { CodedError } from '../bytes/index.ts';

/** A signed note, key or checkpoint that was refused; the message says which part and why. */
export class NoteError extends CodedError<
  'bad-vkey' | 'bad-key-name' | 'bad-note' | 'bad-checkpoint' | 'bad-signature' | 'unsigned' | 'too-large'
> {}
