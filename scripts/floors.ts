// `npm run check`, floors: imports go down only, rooms are entered by their door, and there are no circles.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

const FLOORS: readonly (readonly string[])[] = [
  ['merkle', 'bencode', 'bytes', 'sha256', 'files'],
  ['torrent', 'wire', 'statement', 'note'],
  ['tally'],
  ['store'],
  ['swarm', 'log'],
  ['service', 'builder', 'client', 'witness', 'monitor', 'simulate'],
  ['cli'],
];
const WEB_FLOOR = 2;
const floorOf = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));

const complaints: string[] = [];
const uses = new Map<string, Set<string>>();

const files = globSync('{src,web}/**/*.{ts,tsx}', {
  exclude: (name) => /node_modules|dist/.test(name),
});
for (const file of files.toSorted()) {
  for (const target of importsOf(file)) checkImport(file, target);
}
for (const circle of circles(uses))
  complaints.push(`rooms import each other in a circle: ${circle.join(' → ')}`);

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** The files of this checkout that a file imports, as paths from its root. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const { module } = parseSync(file, source);
  const requests = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((each) => each.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map((entry) =>
      source.slice(entry.moduleRequest.start + 1, entry.moduleRequest.end - 1),
    ),
  ];
  return requests
    .filter((request) => request.startsWith('.'))
    .map((request) => normalize(join(dirname(file), request)));
}

function checkImport(file: string, target: string): void {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === to || to === undefined) return;
  const toFloor = floorOf.get(to);
  if (toFloor === undefined) {
    complaints.push(`${file}: imports ${target}, which stands in no room of the house`);
    return;
  }
  if (from === 'web') {
    if (toFloor > WEB_FLOOR && !target.startsWith(join('src', 'swarm', 'browser'))) {
      complaints.push(`${file}: web/ may import floors 0–${WEB_FLOOR} and src/swarm/browser, not ${target}`);
    }
  } else if (from !== undefined) {
    const fromFloor = floorOf.get(from);
    if (fromFloor === undefined) complaints.push(`${file}: stands in no room of the house`);
    else if (toFloor > fromFloor)
      complaints.push(`${file}: floor ${fromFloor} imports ${target} on floor ${toFloor}`);
    if (!uses.has(from)) uses.set(from, new Set());
    uses.get(from)?.add(to);
  }
  const inside = relative(join('src', to), target);
  if (inside !== 'index.ts' && !/^browser(\.ts|\/index\.ts)$/.test(inside)) {
    complaints.push(`${file}: enters src/${to} by ${inside}; its door is index.ts`);
  }
}

/** `web`, or the folder below `src` in which a file stands. */
function roomOf(path: string): string | undefined {
  const [top, room] = path.split(/[\\/]/);
  if (top === 'web') return 'web';
  return top === 'src' ? room : undefined;
}

function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): void => {
    const at = path.indexOf(room);
    if (at >= 0) {
      found.push([...path.slice(at), room]);
      return;
    }
    if (done.has(room)) return;
    for (const next of graph.get(room) ?? []) visit(next, [...path, room]);
    done.add(room);
  };
  for (const room of graph.keys()) visit(room, []);
  return found;
}
