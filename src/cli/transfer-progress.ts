import type { SwarmProgress } from '../swarm/index.ts';
import { bar, LiveLine } from './live-line.ts';
import type { Output } from './output.ts';
import { formatCount, formatSize } from './size.ts';

/** How a transfer is told while it runs. */
export interface TransferLine {
  readonly update: (progress: SwarmProgress) => void;
  /** Takes the line away. */
  readonly stop: () => void;
}

/** JSON lines come this often at most. */
const JSON_LINE_MS = 1000;
/** Where there is no terminal, a line comes this often at most: it may be a log that somebody reads. */
const CALM_LINE_MS = 30_000;
const WIDEST_BAR = 28;
const LEAST_BAR = 6;
/** What the words beside the bar need. */
const WORDS_COLUMNS = 66;

/**
 * Tells how far a download is: as a line that changes on a terminal, as a line now and then elsewhere, as JSON lines
 * with `--json`.
 */
export function downloadLine(output: Output, line: LiveLine = new LiveLine(output)): TransferLine {
  const stop = (): void => line.stop();
  if (output.json) return jsonLines(output);
  if (line.isLive)
    return {
      update: (progress) => progress.phase === 'seeding' || line.show(wordsOf(progress, line.columns)),
      stop,
    };
  let lastMs = performance.now();
  return {
    update: (progress) => {
      if (performance.now() - lastMs < CALM_LINE_MS || progress.phase === 'metadata') return;
      lastMs = performance.now();
      line.say(wordsOf(progress, 0));
    },
    stop,
  };
}

/** How far a swarm is, in words that fit into so many columns, with a bar where there is room for one. */
export function wordsOf(progress: SwarmProgress, columns: number): string {
  const { phase, haveBytes, totalBytes, peers, webSeeds } = progress;
  const sources = [
    formatCount(peers, 'peer'),
    ...(webSeeds > 0 ? [formatCount(webSeeds, 'web seed')] : []),
  ].join(', ');
  if (phase === 'metadata') return peers === 0 ? 'looking for peers' : `asking for the metadata  ${sources}`;
  if (phase === 'seeding' || phase === 'closed') return seedingWords(progress);
  const share = totalBytes === 0 ? 1 : haveBytes / totalBytes;
  const percent = `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
  const size = `${formatSize(haveBytes)} of ${formatSize(totalBytes)}`;
  const rest =
    phase === 'checking'
      ? `${size}  checking what is here`
      : [size, ...ratesOf(progress), sources, leftOf(progress)].filter((part) => part !== '').join('  ');
  const width = Math.min(WIDEST_BAR, columns - WORDS_COLUMNS);
  return width < LEAST_BAR ? `${percent}  ${rest}` : `${bar(share, width)}  ${percent.padStart(7)}  ${rest}`;
}

/** What a seeder does, in words. */
export function seedingWords({
  peers,
  uploadedBytes,
  uploadBytesPerSecond: rate,
}: Pick<SwarmProgress, 'peers' | 'uploadedBytes' | 'uploadBytesPerSecond'>): string {
  return `seeding  ${formatCount(peers, 'peer')}  ↑ ${formatSize(rate)}/s  ${formatSize(uploadedBytes)} sent`;
}

function ratesOf({ downloadBytesPerSecond: down, uploadBytesPerSecond: up }: SwarmProgress): string[] {
  return [`↓ ${formatSize(down)}/s`, ...(up > 0 ? [`↑ ${formatSize(up)}/s`] : [])];
}

function leftOf({ haveBytes, totalBytes, downloadBytesPerSecond: rate }: SwarmProgress): string {
  if (rate === 0 || haveBytes === totalBytes) return '';
  return `${formatDuration(Math.ceil((totalBytes - haveBytes) / rate))} left`;
}

function jsonLines(output: Output): TransferLine {
  let lastMs = Number.NEGATIVE_INFINITY;
  let phase: SwarmProgress['phase'] | undefined;
  return {
    update(progress) {
      if (progress.phase === phase && performance.now() - lastMs < JSON_LINE_MS) return;
      lastMs = performance.now();
      ({ phase } = progress);
      output.result({ event: 'progress', ...progress }, '');
    },
    stop: () => undefined,
  };
}

/** `12 s`, `3 min`, `2 h`, `4 d`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
