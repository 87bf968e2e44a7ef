// What logs, witnesses and their clients send each other as text: one form only, bounded, nothing shared with the bytes.
// The first byte says which of them it is.
import {
  cosignatureTimestamp,
  formatNote,
  formatTlogProof,
  meetsQuorum,
  NoteError,
  parseCheckpoint,
  parseCosignerVkey,
  parseNote,
  parseStateNote,
  parseTlogPolicy,
  parseTlogProof,
} from '../../../src/note/index.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '../../../src/witness/add-checkpoint.ts';
import { WitnessError } from '../../../src/witness/errors.ts';
import { accepted, mustEqual, readAndOverwrite } from '../support.ts';

const READERS: readonly ((bytes: Uint8Array) => void)[] = [note, proof, policy, request];

export function fuzz(bytes: Uint8Array): void {
  READERS[(bytes[0] ?? 0) % READERS.length]?.(bytes.subarray(1));
}

function note(bytes: Uint8Array): void {
  const read = accepted(NoteError, () => readAndOverwrite(bytes, (own) => parseNote(own)));
  if (read === undefined) return;
  mustEqual(formatNote(read), bytes, 'a note');
  accepted(NoteError, () => parseCheckpoint(read.text));
  accepted(NoteError, () => parseStateNote(read.text));
  for (const { signature } of read.signatures) {
    const time = accepted(NoteError, () => cosignatureTimestamp(signature));
    if (time !== undefined && !Number.isSafeInteger(time)) throw new Error('a time beyond 2^53');
  }
}

function proof(bytes: Uint8Array): void {
  const read = accepted(NoteError, () => readAndOverwrite(bytes, (own) => parseTlogProof(own)));
  if (read === undefined) return;
  mustEqual(formatTlogProof(read), bytes, 'a proof');
  if (read.hashes.length > 63 || read.hashes.some((hash) => hash.length !== 32))
    throw new Error('without bound');
}

function policy(bytes: Uint8Array): void {
  const read = accepted(NoteError, () => readAndOverwrite(bytes, (own) => parseTlogPolicy(own)));
  if (read === undefined) return;
  if (read.logs.length > 64 || read.witnesses.length > 64) throw new Error('without bound');
  for (const { vkey, key } of read.witnesses)
    mustEqual(parseCosignerVkey(vkey).publicKey, key.publicKey, 'a key');
  if (!meetsQuorum(read.quorum, () => true)) throw new Error('all witnesses are no quorum');
  if (read.quorum.least > 0 && meetsQuorum(read.quorum, () => false)) throw new Error('nobody is a quorum');
}

function request(bytes: Uint8Array): void {
  const read = accepted(WitnessError, () => readAndOverwrite(bytes, (own) => parseAddCheckpoint(own)));
  if (read === undefined) return;
  mustEqual(formatAddCheckpoint(read), bytes, 'a request');
  if (read.proof.length > 63) throw new Error('without bound');
}
