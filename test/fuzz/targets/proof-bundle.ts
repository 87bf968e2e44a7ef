// Proofs of a release: bounded, one form only, nothing shared with the bytes that they came in, all parts checkable.
import { createHash } from 'node:crypto';
import { formatProofBundle, LogError, parseProofBundle, tlogProofOf } from '../../../src/log/index.ts';
import { createMapHasher, MerkleMap, MerkleMapError, verifyMapProof } from '../../../src/merkle/index.ts';
import { NoteError, parseTlogProof } from '../../../src/note/index.ts';
import { accepted, mustEqual, readAndOverwrite } from '../support.ts';

const hasher = createMapHasher((bytes) => createHash('sha256').update(bytes).digest());
const EMPTY = new MerkleMap(hasher).root();

export function fuzz(bytes: Uint8Array): void {
  const bundle = accepted(LogError, () => readAndOverwrite(bytes, (read) => parseProofBundle(read)));
  if (bundle === undefined) return;
  mustEqual(formatProofBundle(bundle), bytes, 'a proof');
  if (bundle.entries.length > 1024 || (bundle.state?.values.length ?? 0) > 256)
    throw new Error('without bound');
  for (const entry of bundle.entries) {
    const cut = accepted(NoteError, () => parseTlogProof(tlogProofOf(bundle, entry)));
    if (cut === undefined || cut.index !== entry.index) throw new Error('its part is no tlog-proof');
  }
  const earlier = bundle.earlier ?? [];
  if (earlier.length > 64 || earlier.some(({ values }) => values.length > 32))
    throw new Error('without bound');
  const values = [bundle.state, ...earlier].flatMap((state) => state?.values ?? []);
  for (const { key, value, proof } of values) {
    accepted(MerkleMapError, () => verifyMapProof({ key, value, root: EMPTY, proof }, hasher));
  }
}
