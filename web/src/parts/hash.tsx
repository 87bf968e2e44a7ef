import type { SeatKind } from '../view/ballot.ts';
import { hashPieces, leadingBits, shortHash } from '../view/hash.ts';

const COLUMNS = 8;
const CELL = 5;

/** The first 32 bits of a hash as a small print: equal bytes look equal at a glance. */
export function BitPrint({ hex, kind }: { hex: string; kind: SeatKind }) {
  const path = leadingBits(hex)
    .map((bit, index) =>
      bit ? `M${(index % COLUMNS) * CELL} ${Math.floor(index / COLUMNS) * CELL}h4v4h-4z` : '',
    )
    .join('');
  return (
    <svg class={`print print-${kind}`} viewBox="-3 -3 45 25" aria-hidden="true" focusable="false">
      <rect class="print-ground" x="-3" y="-3" width="45" height="25" rx="4" />
      <path d={path} />
    </svg>
  );
}

/** The whole hash in groups of eight letters; it copies as one word. */
export function WholeHash({ hex }: { hex: string }) {
  return (
    <code class="hash">
      {hashPieces(hex).map((piece, index) => (
        <span key={index}>{piece}</span>
      ))}
    </code>
  );
}

/** The first letters of a hash, the rest on hover; for lists where the whole stands elsewhere. */
export function ShortHash({ hex }: { hex: string }) {
  return (
    <code class="hash hash-short" title={hex}>
      {shortHash(hex)}
    </code>
  );
}
