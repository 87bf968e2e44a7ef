const CELLS = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const AGREE = new Set([0, 1, 2, 3, 4]);

/** Nine builders: five agree, one dissents, three have not spoken. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-ground" width="32" height="32" rx="7" />
      {CELLS.map((cell) => (
        <rect
          key={cell}
          class={AGREE.has(cell) ? 'logo-agree' : cell === 8 ? 'logo-dissent' : 'logo-empty'}
          x={6 + (cell % 3) * 7.25}
          y={6 + Math.floor(cell / 3) * 7.25}
          width="5.500"
          height="5.500"
          rx="1.200"
        />
      ))}
    </svg>
  );
}
