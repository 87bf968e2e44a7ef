import { BitPrintAt } from './how-it-works-print.tsx';

const SAME = '9b5ad2c7';
const OTHER = '9b5ad0c7';
/** Five builders: four come to the same bytes, one does not. */
const BUILDERS = [SAME, SAME, OTHER, SAME, SAME];

/** How a release is decided, in one picture: wide for wide pages, tall for phones. */
export function HowItWorks() {
  return (
    <figure class="picture">
      <Wide />
      <Tall />
    </figure>
  );
}

const WORDS =
  'Published sources go to five independent builders. Each rebuilds them and seeds the result; its infohash is a vote. ' +
  'Four infohashes are the same and one differs. The group that agrees wins, and you download its bytes.';

function Wide() {
  return (
    <svg class="picture-wide" viewBox="0 0 900 236" role="img" aria-label={WORDS}>
      <Sheet x={14} y={78} />
      <text class="label" x={48} y={224} text-anchor="middle">
        sources
      </text>
      {BUILDERS.map((hex, row) => {
        const y = 26 + row * 38;
        const kind = hex === SAME ? 'agree' : 'dissent';
        return (
          <g key={row}>
            <path class="wire" d={`M92 116C150 116 150 ${y} 208 ${y}`} />
            <Builder x={208} y={y} />
            <path class={`wire wire-${kind}`} d={`M236 ${y}H398`} />
            <BitPrintAt x={398} y={y - 13} hex={hex} kind={kind} />
            <path
              class={`wire wire-${kind}`}
              d={kind === 'agree' ? `M452 ${y}C520 ${y} 520 116 588 116` : `M452 ${y}H488`}
            />
            {kind === 'dissent' && <path class="stop" d={`M490 ${y - 6}v12`} />}
          </g>
        );
      })}
      <text class="label" x={222} y={224} text-anchor="middle">
        independent builders
      </text>
      <text class="label" x={425} y={224} text-anchor="middle">
        infohash = vote
      </text>
      <Quorum x={588} y={116} />
      <text class="label" x={648} y={224} text-anchor="middle">
        quorum
      </text>
      <path class="wire wire-agree" d="M708 116H806" />
      <path class="arrow" d="M799 109l8 7-8 7" />
      <You x={842} y={116} />
      <text class="label" x={842} y={224} text-anchor="middle">
        you
      </text>
    </svg>
  );
}

function Tall() {
  return (
    <svg class="picture-tall" viewBox="0 0 330 392" role="img" aria-label={WORDS}>
      <Sheet x={131} y={2} />
      <text class="label" x={214} y={46}>
        sources
      </text>
      {BUILDERS.map((hex, column) => {
        const x = 33 + column * 66;
        const kind = hex === SAME ? 'agree' : 'dissent';
        return (
          <g key={column}>
            <path class="wire" d={`M165 80C165 108 ${x} 92 ${x} 120`} />
            <Builder x={x - 14} y={134} />
            <path class={`wire wire-${kind}`} d={`M${x} 148V182`} />
            <BitPrintAt x={x - 27} y={182} hex={hex} kind={kind} />
            <path
              class={`wire wire-${kind}`}
              d={kind === 'agree' ? `M${x} 209C${x} 246 165 222 165 258` : `M${x} 209V228`}
            />
            {kind === 'dissent' && <path class="stop" d={`M${x - 6} 230h12`} />}
          </g>
        );
      })}
      <text class="label" x={2} y={104}>
        builders
      </text>
      <text class="label" x={2} y={246}>
        votes
      </text>
      <Quorum x={105} y={280} />
      <path class="wire wire-agree" d="M165 303V334" />
      <path class="arrow" d="M158 328l7 8 7-8" />
      <You x={165} y={362} />
      <text class="label" x={196} y={367}>
        you
      </text>
    </svg>
  );
}

function Sheet({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <path class="shape" d="M4 0h44l18 18v54a4 4 0 0 1-4 4H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z" />
      <path class="shape-line" d="M48 0v18h18M14 32h26M14 43h38M22 54h30M14 65h20" />
    </g>
  );
}

/** A small machine, its left edge at x and its middle at y. */
function Builder({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y - 12})`}>
      <rect class="shape" width="28" height="24" rx="4" />
      <path class="shape-line" d="M8 8l4 4-4 4M15 16h6" />
    </g>
  );
}

function Quorum({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y - 23})`}>
      <rect class="verdict" width="120" height="46" rx="10" />
      <text class="verdict-words" x={60} y={29} text-anchor="middle">
        4 of 5 agree
      </text>
    </g>
  );
}

function You({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <circle class="shape" r="26" />
      <path class="tick" d="M-11 1l8 8 15-17" />
    </g>
  );
}
