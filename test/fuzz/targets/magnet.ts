// Magnet links: what is read can be written, and reads the same again.
import { isDeepStrictEqual } from 'node:util';
import { formatMagnet, parseMagnet, TorrentError } from '../../../src/torrent/index.ts';
import { accepted } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString('utf8');
  for (const link of [text, `magnet:?xt=urn:btih:${'a5'.repeat(20)}&${text}`]) check(link);
}

function check(link: string): void {
  const magnet = accepted(TorrentError, () => parseMagnet(link));
  if (!magnet) return;
  const { trackers, webSeeds, peers } = magnet;
  if (trackers.length > 100 || webSeeds.length > 100 || peers.length > 100)
    throw new Error('unbounded lists');
  if (!peers.every(({ port }) => Number.isInteger(port) && port > 0 && port < 65_536))
    throw new Error('port');
  const written = formatMagnet(magnet);
  if (written.length > 65_536) return; // escaping made it longer than a link may be
  const again = parseMagnet(written);
  if (!isDeepStrictEqual(again, magnet)) throw new Error(`${written} reads otherwise than ${link}`);
}
