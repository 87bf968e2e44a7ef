import { chmodSync, closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of a tree: its size in bytes, where its content starts in the common stream, and its mode. */
export interface FileSpec {
  readonly size: number;
  /** Files with equal size and seed are twins. */
  readonly seed?: number;
  readonly mode?: number;
  /** Zeros that take no space on disk, with one block of content in front. */
  readonly sparse?: boolean;
}

/** A tree as paths and files; a single file when the only path is empty. */
export type TreeSpec = Readonly<Record<string, FileSpec>>;

const KIB = 1024;
const BLOCK = 16 * KIB;
/** Largest content with pieces of one block, of two, of four. */
const STEPS = [2_684_355, 10_737_418, 42_949_673] as const;

/** The generated matrix: every tree has a name of its own. */
export function trees(): Map<string, TreeSpec> {
  const matrix = new Map<string, TreeSpec>();
  const add = (name: string, tree: TreeSpec): void => {
    if (matrix.has(name)) throw new Error(`two trees are called ${name}`);
    matrix.set(name, tree);
  };
  singleFiles(add);
  smallFolders(add);
  names(add);
  modes(add);
  twins(add);
  largerPieces(add);
  for (let seed = 1; seed <= 70; seed += 1) add(`random-${seed}`, randomTree(seed));
  add(
    'many',
    Object.fromEntries(range(20_000).map((at) => [`d${at % 97}/f${at}`, { size: at % 300, seed: at }])),
  );
  return matrix;
}

type Add = (name: string, tree: TreeSpec) => void;

/** Around a block, two, a piece's worth; a folder of one file is a tree. */
function singleFiles(add: Add): void {
  const around = (size: number): number[] => [size - 1, size, size + 1];
  const sizes = [1, 2, ...[1, 2, 3, 4, 5, 8, 100].flatMap((blocks) => around(blocks * BLOCK))];
  for (const size of [...sizes, ...around(STEPS[0]), ...around(STEPS[1])])
    add(`file-${size}`, { '': { size } });
  for (const size of sizes.slice(0, 12)) {
    add(`alone-${size}`, { file: { size } });
    add(`nested-${size}`, { 'a/b/file': { size } });
  }
}

/** Two and three files, empty ones at every place. */
function smallFolders(add: Add): void {
  const sizes = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 40_000];
  for (const first of sizes) {
    for (const second of sizes) {
      if (first + second > 0) {
        add(`pair-${first}-${second}`, { a: { size: first }, b: { size: second, seed: 7 } });
      }
    }
  }
  for (const [first, second, third] of [
    [0, 0, 5],
    [0, 5, 0],
    [5, 0, 0],
    [0, BLOCK, 5],
    [BLOCK, 0, 5],
    [5, 0, BLOCK],
    [BLOCK, 5, 0],
    [0, BLOCK, 0],
  ] as const) {
    add(`triple-${first}-${second}-${third}`, {
      a: { size: first },
      'b/c': { size: second, seed: 1 },
      z: { size: third, seed: 2 },
    });
  }
}

/** Names whose order or form is easily got wrong. */
function names(add: Add): void {
  const sets: Readonly<Record<string, readonly string[]>> = {
    utf16: ['\uFF5E', '\u{1F600}', 'z', '\uE000', '\u{10FFFF}'],
    prefixes: ['a', 'ab', 'a.b', 'a-b', 'a b', 'a+', 'b/a', 'b.a', 'b-/a', 'b!/c', 'b0/d'],
    cases: ['README', 'readme', 'Readme', 'read', 'zz', 'ZZ/a', 'Zz/a'],
    normal: ['\u00E9', 'e\u0301', '\u1E9B\u0323', '\u0130', 'i\u0307'],
    dots: ['.hidden', '...three', '..two', '.d/.e/.f', 'a..b'],
    pads: ['.pad/1', '.pad/16383', 'pad', 'z'],
    signs: [
      '~',
      '!',
      '#',
      '%20',
      "'",
      '"',
      '(',
      '$',
      '&',
      ';',
      '=',
      '@',
      '[',
      '^',
      '`',
      '{',
      '|',
      '<',
      '>',
      '*',
      '?',
    ],
    words: ['length', 'attr', 'pieces root', 'path', '__proto__', 'constructor', 'file tree/files'],
    long: ['x'.repeat(255), `${'y'.repeat(120)}/${'z'.repeat(100)}`],
    deep: [`${'d/'.repeat(30)}file`, `${'d/'.repeat(29)}file`],
    scripts: ['文件', 'файл', 'ملف', 'फ़ाइल', '파일', '🦀/🦀'],
    numbers: range(30).map((at) => `${at}`),
  };
  for (const [name, paths] of Object.entries(sets)) {
    add(`names-${name}`, Object.fromEntries(paths.map((path, at) => [path, { size: 10 + at, seed: at }])));
  }
}

/** Executable is what the owner may execute. */
function modes(add: Add): void {
  for (const mode of [0o755, 0o700, 0o500, 0o644, 0o611, 0o070, 0o4755]) {
    add(`mode-file-${mode.toString(8)}`, { '': { size: 100, mode: mode | 0o400 } });
    add(`mode-tree-${mode.toString(8)}`, {
      bin: { size: 100, mode: mode | 0o400 },
      'empty.sh': { size: 0, mode: mode | 0o400 },
      other: { size: 3 * BLOCK },
    });
  }
}

/** Files with one pieces root, with and without a piece layer. */
function twins(add: Add): void {
  for (const size of [1, BLOCK, BLOCK + 1, 5 * BLOCK]) {
    add(`twins-${size}`, {
      a: { size, seed: 3 },
      'b/a': { size, seed: 3 },
      c: { size: 1 },
      d: { size, seed: 3 },
    });
  }
}

/** Content so large that pieces have 2, 4, 8, 16 and 32 blocks. */
function largerPieces(add: Add): void {
  const sides = {
    tiny: { size: 9 },
    'one/block': { size: BLOCK, seed: 5 },
    'one/more': { size: 5 * BLOCK + 1, seed: 6 },
  };
  for (const [name, size] of [
    ['2', STEPS[0] + 1],
    ['4', STEPS[1] + 1],
    ['8', STEPS[2] + 1],
    ['16', STEPS[2] * 4 + 1],
  ] as const) {
    add(`pieces-${name}`, { ...sides, large: { size, sparse: true } });
    add(`pieces-${name}-whole`, {
      ...sides,
      large: { size: Math.ceil(size / (1024 * KIB)) * 1024 * KIB, sparse: true },
    });
  }
  // The content alone decides, not the padding between files.
  add('pieces-1-padded', { a: { size: STEPS[0] - 100, sparse: true }, b: { size: 100 } });
  add('pieces-32', { '': { size: STEPS[2] * 16 + 1, sparse: true } });
}

/** A tree by a small generator of its own, so that a seed names it on every machine. */
function randomTree(seed: number): TreeSpec {
  const random = generator(seed);
  const letters = ['a', 'b', 'B', '-', '.x', '0', 'é', '\uFF5E', '\u{1F600}'];
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const word = (): string =>
    range(1 + Math.floor(random() * 3))
      .map(() => pick(letters))
      .join('');
  const tree: Record<string, FileSpec> = { first: { size: 1 + Math.floor(random() * 100_000) } };
  for (let count = Math.floor(random() * 25); count > 0; count -= 1) {
    const folders = range(Math.floor(random() * 4)).map(() => `${word()}.d`);
    const size = pick([0, Math.floor(random() * 200), Math.floor(random() * 70_000), BLOCK, 2 * BLOCK]);
    tree[[...folders, `${word()}f`].join('/')] = {
      size,
      seed: Math.floor(random() * 4),
      mode: pick([0o644, 0o755]),
    };
  }
  return tree;
}

/** Numbers from 0 up to 1 that depend on the seed alone (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const stream = (() => {
  const random = generator(42);
  return Buffer.from(range(4_000_000).map(() => Math.floor(random() * 256)));
})();

/** Writes a tree to a path that does not exist. */
export function writeTree(root: string, tree: TreeSpec): void {
  for (const [path, spec] of Object.entries(tree)) {
    const target = path === '' ? root : join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeContent(target, spec);
    chmodSync(target, spec.mode ?? 0o644);
  }
}

function writeContent(target: string, { size, seed = 0, sparse }: FileSpec): void {
  const start = (seed * 1000) % 3_000_000;
  if (!sparse) {
    const parts: Buffer[] = [];
    for (let left = size; left > 0; left -= stream.length - start) {
      parts.push(stream.subarray(start, start + left));
    }
    writeFileSync(target, Buffer.concat(parts));
    return;
  }
  writeFileSync(target, stream.subarray(start, start + BLOCK));
  const handle = openSync(target, 'r+');
  ftruncateSync(handle, size);
  closeSync(handle);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
