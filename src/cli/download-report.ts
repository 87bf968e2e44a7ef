import { printable, toHex } from '../bytes/index.ts';
import type { DownloadResult, Engine, KeptDownload, SwarmError } from '../swarm/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import type { LiveLine } from './live-line.ts';
import type { Output } from './output.ts';
import { placeOf } from './seeding.ts';
import { formatCount, formatSize } from './size.ts';

/** What a download says besides how far it is: lines for people, or JSON lines. */
export class DownloadReport {
  readonly #output: Output;
  readonly #line: LiveLine;
  readonly #hints: readonly PeerAddress[];
  readonly #named: ReadonlySet<string>;

  /** `hints` are the peers that the magnet link names, `named` those that the user does. */
  constructor(output: Output, line: LiveLine, hints: readonly PeerAddress[], named: ReadonlySet<string>) {
    this.#named = named;
    this.#output = output;
    this.#line = line;
    this.#hints = hints;
  }

  /** Follows an engine: what is being fetched, once that is known, and with `--json` each peer. */
  follow(engine: Engine): void {
    let isNamed = false;
    engine.on('progress', ({ swarm, progress }) => {
      const { name } = swarm.statistics;
      if (isNamed || name === undefined || this.#output.json) return;
      isNamed = true;
      if (progress.phase !== 'seeding') {
        this.#line.say(`${printable(name)}  ${formatSize(progress.totalBytes)}`);
      }
    });
    if (!this.#output.json) return;
    engine.on('peer', ({ change, address, direction, reason }) => {
      const why = reason && { code: reason.code, message: reason.message };
      this.#output.result({ event: 'peer', change, peer: placeOf(address), direction, ...why }, '');
    });
  }

  /** What went wrong and did not end the download. */
  trouble({ code, message }: SwarmError): void {
    const near = this.#hints.find(({ host }) => code === 'refused-address' && message.startsWith(`${host} `));
    if (near && this.#named.has(placeOf(near))) return;
    const words = near ? nearWords(placeOf(near)) : message;
    if (this.#output.json) this.#output.result({ event: 'trouble', code, message: words }, '');
    else this.#line.say(this.#output.colors.yellow(printable(words)));
  }

  /** Why nothing comes, and what to do. */
  waiting(words: string): void {
    if (this.#output.json) this.#output.result({ event: 'waiting', message: words }, '');
    else this.#line.say(this.#output.colors.yellow(printable(words)));
  }

  /** What a download that ends too early leaves. */
  kept({ bytes, path }: KeptDownload): void {
    this.#line.stop();
    if (this.#output.json) this.#output.result({ event: 'kept', bytes, path }, '');
    else {
      this.#output.say(
        `${formatSize(bytes)} are kept in ${printable(path)}: the same command goes on from there, --fresh begins anew`,
      );
    }
  }

  /** All is here. */
  done(result: DownloadResult, seconds: number): void {
    this.#line.stop();
    const { metainfo, path, progress, resumedBytes, isAlreadyThere } = result;
    this.#output.say(wordsOf(result, seconds));
    const { downloadedBytes, uploadedBytes, wastedBytes, bannedPeers } = progress;
    this.#output.result(
      {
        event: 'done',
        path,
        infoHashV2: toHex(metainfo.infoHashV2),
        sizeBytes: metainfo.sizeBytes,
        seconds: Number(seconds.toFixed(3)),
        downloadedBytes,
        uploadedBytes,
        wastedBytes,
        bannedPeers,
        resumedBytes,
        alreadyThere: isAlreadyThere,
      },
      path,
    );
  }
}

/** What stands in a link counts as named from the internet, and is not led into the user's own network. */
function nearWords(place: string): string {
  return `the magnet link names ${place}, on this machine or in its network: give --local if you mean it`;
}

function wordsOf(
  { metainfo, resumedBytes, isAlreadyThere, progress }: DownloadResult,
  seconds: number,
): string {
  const size = formatSize(metainfo.sizeBytes);
  const time = `${seconds.toFixed(1)} s`;
  if (isAlreadyThere) return `already complete, ${size} verified in ${time}`;
  const rate = formatSize((metainfo.sizeBytes - resumedBytes) / Math.max(seconds, 0.001));
  const rest = resumedBytes > 0 ? `, ${formatSize(resumedBytes)} of it from an earlier try` : '';
  const { bannedPeers } = progress;
  const bans = bannedPeers > 0 ? `, ${formatCount(bannedPeers, 'peer')} banned for wrong data` : '';
  return `${size} verified in ${time}, ${rate}/s${rest}${bans}`;
}
