import { printable, toHex } from '../bytes/index.ts';
import {
  type FileProblem,
  formatMagnet,
  type Magnet,
  type Metainfo,
  type V1Summary,
} from '../torrent/index.ts';
import { formatCount, formatSize } from './size.ts';

/** What `torrent create` prints as JSON. */
export interface TorrentJson {
  readonly infoHashV2: string;
  readonly infoHashV1: string | null;
  readonly pieceLength: number;
  readonly sizeBytes: number;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly magnet: string;
}

/** The magnet link of a torrent, with its trackers and web seeds. */
function magnetOf(metainfo: Metainfo): string {
  const { infoHashV1, infoHashV2, name, sizeBytes, trackers, webSeeds } = metainfo;
  return formatMagnet({ ...(infoHashV1 && { infoHashV1 }), infoHashV2, name, sizeBytes, trackers, webSeeds });
}

export function torrentJson(metainfo: Metainfo): TorrentJson {
  const { infoHashV1, infoHashV2, pieceLength, sizeBytes, files } = metainfo;
  return {
    infoHashV2: toHex(infoHashV2),
    infoHashV1: infoHashV1 ? toHex(infoHashV1) : null,
    pieceLength,
    sizeBytes,
    files: files.map((file) => ({ path: file.path.join('/'), sizeBytes: file.sizeBytes })),
    magnet: magnetOf(metainfo),
  };
}

/** A torrent for people: a line each for what one looks for. */
export function torrentText(metainfo: Metainfo): string {
  const { infoHashV1, infoHashV2, profile, name, pieceLength, sizeBytes, files, trackers, webSeeds } =
    metainfo;
  const pieces = files.reduce((sum, file) => sum + Math.ceil(file.sizeBytes / pieceLength), 0);
  return rows([
    ['name', name],
    ['content', `${formatCount(files.length, 'file')}, ${formatSize(sizeBytes)}`],
    ['pieces', `${pieces.toLocaleString('en')} of ${formatSize(pieceLength)}`],
    ['profile', profile === 'hybrid' ? 'hybrid: for v1 and v2 clients' : 'v2: without SHA-1'],
    ['infohash v2', toHex(infoHashV2)],
    ['infohash v1', infoHashV1 && toHex(infoHashV1)],
    ...trackers.map((url) => ['tracker', url] as const),
    ...webSeeds.map((url) => ['web seed', url] as const),
    ['magnet', magnetOf(metainfo)],
  ]);
}

export function v1Text(summary: V1Summary): string {
  return rows([
    ['name', summary.name],
    ['content', `${formatCount(summary.files.length, 'file')}, ${formatSize(summary.sizeBytes)}`],
    ['infohash v1', toHex(summary.infoHashV1)],
    ['vote', 'no: a v1 torrent has SHA-1 only, and votes are SHA-256 infohashes'],
  ]);
}

export function magnetText(magnet: Magnet): string {
  return rows([
    ['name', magnet.name],
    ['content', magnet.sizeBytes === undefined ? undefined : formatSize(magnet.sizeBytes)],
    ['infohash v2', magnet.infoHashV2 && toHex(magnet.infoHashV2)],
    ['infohash v1', magnet.infoHashV1 && toHex(magnet.infoHashV1)],
    ...magnet.trackers.map((url) => ['tracker', url] as const),
    ...magnet.webSeeds.map((url) => ['web seed', url] as const),
    ...magnet.peers.map(({ host, port }) => ['peer', `${host} port ${port}`] as const),
  ]);
}

/** The files of a torrent, a line each: size, `x` for executables, path. */
export function filesText(metainfo: Metainfo): string {
  const sizes = metainfo.files.map((file) => file.sizeBytes.toLocaleString('en'));
  const width = sizes.reduce((widest, size) => Math.max(widest, size.length), 0);
  return metainfo.files
    .map(({ path, executable }, index) => {
      return `  ${(sizes[index] as string).padStart(width)} ${executable ? 'x' : ' '} ${printable(path.join('/'))}`;
    })
    .join('\n');
}

/** Problems that are listed one by one; the rest is counted. */
const LISTED_PROBLEMS = 20;
const LISTED_PIECES = 8;

const PROBLEM_WORDS: Readonly<Record<FileProblem['problem'], string>> = {
  missing: 'is missing',
  'not-a-file': 'is no regular file',
  'wrong-size': 'has another size',
  'wrong-content': 'has other content',
  'not-v1': 'matches by SHA-256 but not by SHA-1: the halves of the torrent describe different data',
};

/** How files differ from a torrent, a line each. */
export function problemsText(problems: readonly FileProblem[]): string {
  const lines = problems.slice(0, LISTED_PROBLEMS).map(({ path, problem, pieces }) => {
    const more = pieces.length > LISTED_PIECES ? ` and ${pieces.length - LISTED_PIECES} more` : '';
    const where =
      pieces.length > 0
        ? ` (${pieces.length === 1 ? 'piece' : 'pieces'} ${pieces.slice(0, LISTED_PIECES).join(', ')}${more})`
        : '';
    return `${printable(path.join('/'))} ${PROBLEM_WORDS[problem]}${where}`;
  });
  const rest = problems.length - lines.length;
  return [...lines, ...(rest > 0 ? [`and ${formatCount(rest, 'more file', 'more files')}`] : [])].join('\n');
}

/** Names and values in two columns; rows without a value are left out. */
function rows(pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = pairs.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(value as string)}`).join('\n');
}
