import type { Finding } from './scenario.ts';

const WIDTH = 640;
const HEIGHT = 320;
const BOTTOM = 40;
const TOP = 36;
/** Where the figures of a picture begin and end, from its left edge. */
export const LEFT = 56;
export const RIGHT = WIDTH - 16;

/** A picture (SVG) of how many builders are eligible, and how many of them are the attackers'; undefined without a series. */
export function plotOf({ scenario, series }: Finding): string | undefined {
  const last = series.at(-1);
  if (last === undefined) return undefined;
  const most = Math.max(1, ...series.map(({ eligible }) => eligible));
  const x = (day: number) => Math.round(LEFT + (day / Math.max(1, last.day)) * (RIGHT - LEFT));
  const y = (count: number) => Math.round(HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - TOP));
  const line = (pick: (point: Finding['series'][number]) => number) =>
    series.map((point) => `${x(point.day)},${y(pick(point))}`).join(' ');
  return pictureOf(`${scenario}: eligible builders by day`, HEIGHT, [
    `<text x="${LEFT}" y="20" fill="#1b6">all eligible builders</text>`,
    `<text x="${LEFT + 150}" y="20" fill="#c33">the attackers' among them</text>`,
    `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${RIGHT}" fill="none" stroke="#555"/>`,
    `<text x="${LEFT - 6}" y="${y(most) + 4}" text-anchor="end" fill="#333">${most}</text>`,
    `<text x="${LEFT - 6}" y="${y(0) + 4}" text-anchor="end" fill="#333">0</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 18}" fill="#333">day 0</text>`,
    `<text x="${RIGHT}" y="${HEIGHT - 18}" text-anchor="end" fill="#333">day ${last.day}</text>`,
    `<polyline points="${line(({ eligible }) => eligible)}" fill="none" stroke="#1b6" stroke-width="2"/>`,
    `<polyline points="${line(({ attackers }) => attackers)}" fill="none" stroke="#c33" stroke-width="2"/>`,
  ]);
}

/** An SVG on a white ground, legible on light and dark pages. */
export function pictureOf(title: string, height: number, lines: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${lines.join('\n')}
</svg>
`;
}
