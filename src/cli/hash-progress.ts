import process from 'node:process';
import { SingleBar } from 'cli-progress';
import type { HashProgress } from '../torrent/index.ts';
import type { Output } from './output.ts';
import { formatSize } from './size.ts';

/** A line about hashing on a terminal's standard error. */
export interface ProgressLine {
  readonly update: (progress: HashProgress) => void;
  /** Takes the line away. */
  readonly stop: () => void;
}

/** Shows how far hashing is; nothing when quiet or when standard error is no terminal. */
export function hashProgress(output: Output): ProgressLine {
  if (output.quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const started = performance.now();
  const bar = new SingleBar({
    stream: process.stderr,
    format: 'hashing {bar} {percentage} %  {done} of {whole}  {speed}/s  {eta_formatted}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  });
  let isShown = false;
  return {
    update({ doneBytes, totalBytes }) {
      const seconds = Math.max((performance.now() - started) / 1000, 0.001);
      const words = {
        done: formatSize(doneBytes),
        whole: formatSize(totalBytes),
        speed: formatSize(doneBytes / seconds),
      };
      if (isShown) bar.update(doneBytes, words);
      else bar.start(totalBytes, doneBytes, words);
      isShown = true;
    },
    stop() {
      if (isShown) bar.stop();
    },
  };
}
