// HTTP trackers, both sides: answers to announces and scrapes, and the queries that ask for them.
import { isDeepStrictEqual } from 'node:util';
import {
  addressBytes,
  encodeAnnounceResponse,
  encodeScrapeResponse,
  formatAnnounceUrl,
  parseAnnounceQuery,
  parseAnnounceResponse,
  parseScrapeQuery,
  parseScrapeResponse,
  type TrackedPeer,
  WireError,
} from '../../../src/wire/index.ts';
import { accepted, readAndOverwrite } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  readAnnounce(bytes);
  readScrape(bytes);
  const query = Buffer.from(bytes).toString('latin1');
  const request = accepted(WireError, () => parseAnnounceQuery(query));
  if (request) {
    const url = formatAnnounceUrl('http://tracker.example/announce', request);
    const again = parseAnnounceQuery(url.slice(url.indexOf('?') + 1));
    if (!isDeepStrictEqual(again, request)) throw new Error(`an announce changed: ${url}`);
  }
  const hashes = accepted(WireError, () => parseScrapeQuery(query));
  if (hashes?.some(({ length }) => length !== 20)) throw new Error('a scrape of another length');
}

function readAnnounce(bytes: Uint8Array): void {
  const answer = accepted(WireError, () => readAndOverwrite(bytes, parseAnnounceResponse));
  if (!answer) return;
  const { peers, intervalSeconds, complete, incomplete, warning = '', trackerId = '' } = answer;
  if (peers.length > 1000 || warning.length > 300 || trackerId.length > 300) throw new Error('without bound');
  if (Math.min(intervalSeconds, complete, incomplete) < 0) throw new Error('less than nothing');
  for (const { port } of peers) if (!(port >= 1 && port <= 65_535)) throw new Error(`port ${port}`);
  const again = parseAnnounceResponse(encodeAnnounceResponse(answer));
  if (!isDeepStrictEqual(placesOf(again.peers), placesOf(peers))) throw new Error('peers changed');
  if (again.intervalSeconds !== intervalSeconds || again.complete !== complete)
    throw new Error('numbers changed');
}

/** Where peers are, in bytes, those of IPv4 first. */
function placesOf(peers: readonly TrackedPeer[]): string[] {
  const places = peers.map(({ host, port }) => {
    const address = addressBytes(host);
    if (!address) throw new Error(`${host} is no address`);
    return `${address.length} ${address.join()} ${port}`;
  });
  return [
    ...places.filter((place) => place.startsWith('4 ')),
    ...places.filter((place) => !place.startsWith('4 ')),
  ];
}

function readScrape(bytes: Uint8Array): void {
  const counts = accepted(WireError, () => parseScrapeResponse(bytes));
  if (!counts) return;
  const written = encodeScrapeResponse(
    Array.from(counts, ([hex, each]) => [Buffer.from(hex, 'hex'), each] as const),
  );
  const again = parseScrapeResponse(written);
  if (!isDeepStrictEqual(again, counts)) throw new Error('a scrape changed');
}
