import { CodedError } from '../bytes/index.ts';

/** A signed note, key, checkpoint, proof or trust policy that was refused; the message says which part and why. */
export class NoteError extends CodedError<
  | 'bad-vkey'
  | 'bad-key-name'
  | 'bad-note'
  | 'bad-checkpoint'
  | 'bad-signature'
  | 'bad-cosignature'
  | 'bad-proof'
  | 'bad-policy'
  | 'bad-state'
  | 'unsigned'
  | 'too-large'
> {}
