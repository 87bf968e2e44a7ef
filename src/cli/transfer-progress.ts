import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { SwarmProgress } from '../swarm/index.ts';
import type { Output } from './output.ts';
import { formatCount, formatSize } from './size.ts';

/** A line about a transfer on a terminal's standard error, or JSON lines on standard output. */
export interface TransferLine {
  readonly update: (progress: SwarmProgress) => void;
  /** Takes the line away. */
  readonly stop: () => void;
}

/** JSON lines come this often at most. */
const JSON_LINE_MS = 1000;

/** Shows how far a download is; nothing when quiet, or when standard error is no terminal and JSON was not asked for. */
export function downloadLine(output: Output): TransferLine {
  if (output.json) return jsonLines(output);
  if (output.quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const { colors } = output;
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${colors.cyan('{bar}')} {percentage} %  {done} of {whole}  ${colors.bold('{speed}/s')}  {peers}  {left}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
  });
  let shown: 'words' | 'bar' | undefined;
  return {
    update(progress) {
      if (progress.phase === 'metadata') {
        shown = 'words';
        const text = progress.peers === 0 ? 'looking for peers' : 'asking for the metadata';
        process.stderr.write(`\r\u001b[K${colors.dim(`${text} · ${formatCount(progress.peers, 'peer')}`)}`);
        return;
      }
      if (shown === 'words') process.stderr.write('\r\u001b[K');
      if (shown === 'bar') bar.update(progress.haveBytes, wordsOf(progress));
      else bar.start(progress.totalBytes, progress.haveBytes, wordsOf(progress));
      shown = 'bar';
    },
    stop() {
      if (shown === 'bar') bar.stop();
      else if (shown === 'words') process.stderr.write('\r\u001b[K');
    },
  };
}

/** A line that is written over again and again, on a terminal only. */
export function statusLine(output: Output): { update: (text: string) => void; stop: () => void } {
  const isShown = !output.quiet && !output.json && process.stderr.isTTY;
  return {
    update: (text) => {
      if (isShown) process.stderr.write(`\r\u001b[K${output.colors.dim(text)}`);
    },
    stop: () => {
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}

function jsonLines(output: Output): TransferLine {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    update(progress) {
      if (performance.now() - lastMs < JSON_LINE_MS && progress.phase !== 'seeding') return;
      lastMs = performance.now();
      output.result({ event: 'progress', ...progress }, '');
    },
    stop: () => undefined,
  };
}

function wordsOf(progress: SwarmProgress) {
  const { haveBytes, totalBytes, downloadBytesPerSecond: rate, peers } = progress;
  const seconds = rate > 0 ? Math.ceil((totalBytes - haveBytes) / rate) : Number.POSITIVE_INFINITY;
  return {
    done: formatSize(haveBytes),
    whole: formatSize(totalBytes),
    speed: formatSize(rate),
    peers: formatCount(peers, 'peer'),
    left: leftOf(progress, seconds),
  };
}

function leftOf({ phase, haveBytes, totalBytes }: SwarmProgress, seconds: number): string {
  if (phase === 'checking') return 'checking what is here';
  return haveBytes === totalBytes ? '' : `${formatDuration(seconds)} left`;
}

/** `12 s`, `3 min`, `2 h`; `…` when nobody can say. */
function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '…';
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
