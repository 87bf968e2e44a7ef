import { leadingBits } from '../view/hash.ts';

/** A bit print inside a larger picture, 54 by 27 units. */
export function BitPrintAt(props: { x: number; y: number; hex: string; kind: 'agree' | 'dissent' }) {
  const cell = 6;
  const path = leadingBits(props.hex)
    .map((bit, index) => (bit ? `M${(index % 8) * cell} ${Math.floor(index / 8) * cell}h5v5h-5z` : ''))
    .join('');
  return (
    <g class={`print-${props.kind}`} transform={`translate(${props.x} ${props.y})`}>
      <rect class="print-ground" width="54" height="27" rx="5" />
      <path transform="translate(3.500 2)" d={path} />
    </g>
  );
}
