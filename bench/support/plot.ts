/** One line of a plot: values above the sizes. */
export interface Series {
  readonly title: string;
  readonly values: readonly number[];
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP] = [300, 230, 56, 34, 36, 40];

/** Plots each series above the same sizes, side by side, both axes logarithmic: SVG without scripts or fonts of its own. */
export function plotSvg(sizes: readonly number[], series: readonly Series[]): string {
  const width = series.length * (WIDTH + GAP);
  const panels = series.map((each, at) => panel(sizes, each, at * (WIDTH + GAP)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#57606a">
<rect width="${width}" height="${HEIGHT}" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}

function panel(sizes: readonly number[], { title, values }: Series, shift: number): string {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.01));
  const [first, last] = [sizes[0] ?? 1, sizes.at(-1) ?? 10];
  const x = (size: number): number =>
    shift + LEFT + (Math.log(size / first) / Math.log(last / first)) * (WIDTH - LEFT);
  const y = (value: number): number =>
    HEIGHT - BOTTOM - (Math.log(value / low) / Math.log(high / low)) * (HEIGHT - TOP - BOTTOM);
  const lines: string[] = [`<text x="${shift + LEFT}" y="18" fill="#1f2328" font-size="13">${title}</text>`];
  for (let tick = low; tick <= high * 1.01; tick *= 10) {
    lines.push(`<path d="M${shift + LEFT} ${y(tick).toFixed(1)}H${shift + WIDTH}" stroke="#d0d7de"/>`);
    lines.push(
      `<text x="${shift + LEFT - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
    );
  }
  for (const size of sizes) {
    lines.push(
      `<text x="${x(size).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="middle">${short(size)}</text>`,
    );
  }
  const points = values.map((value, at) => `${x(sizes[at] ?? first).toFixed(1)},${y(value).toFixed(1)}`);
  lines.push(`<polyline points="${points.join(' ')}" fill="none" stroke="#0969da" stroke-width="2"/>`);
  for (const point of points) {
    const [cx, cy] = point.split(',');
    lines.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="#0969da"/>`);
  }
  return lines.join('\n');
}

function short(value: number): string {
  if (value >= 1e6) return `${Math.round(value / 1e5) / 10}M`;
  if (value >= 1000) return `${Math.round(value / 100) / 10}k`;
  return String(Number(value.toPrecision(2)));
}
