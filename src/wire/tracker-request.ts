import { brandBytes, type PeerId } from '../bytes/index.ts';
import { WireError } from './error.ts';
import { escapeBytes, naturalOf, splitQuery, unescapeBytes } from './query.ts';

/** Why an announce is made, or `null` for a regular one (BEP 3; `paused`: BEP 21). */
export type AnnounceEvent = 'started' | 'stopped' | 'completed' | 'paused' | null;

/** The parameters of an HTTP announce (BEP 3, 7, 23). `ip`, `ipv4` and `ipv6` are neither sent nor read. */
export interface AnnounceRequest {
  /** 20 bytes: a v1 infohash or a truncated v2 one (BEP 52). */
  readonly infoHash: Uint8Array;
  readonly peerId: PeerId;
  readonly port: number;
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  readonly leftBytes: number;
  readonly event: AnnounceEvent;
  /** How many peers the answer shall hold; `null` leaves it to the tracker. */
  readonly numWant: number | null;
  readonly compact: boolean;
  readonly noPeerId: boolean;
  /** A secret of the client by which it stays known when its address changes, at most 64 characters, or empty. */
  readonly key: string;
  /** What the tracker gave as `tracker id`, or empty. */
  readonly trackerId: string;
}

/** Most infohashes one scrape may name. */
const MAXIMUM_SCRAPE = 74;
const MAXIMUM_KEY = 64;

/** The announce URL with the parameters of a request; a query that the URL has already stays in front. */
export function formatAnnounceUrl(announceUrl: string, request: AnnounceRequest): string {
  const parameters = [
    `info_hash=${escapeBytes(request.infoHash)}`,
    `peer_id=${escapeBytes(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    `compact=${request.compact ? 1 : 0}`,
    ...(request.noPeerId ? ['no_peer_id=1'] : []),
    ...(request.event === null ? [] : [`event=${request.event}`]),
    ...(request.numWant === null ? [] : [`numwant=${request.numWant}`]),
    ...(request.key === '' ? [] : [`key=${encodeURIComponent(request.key)}`]),
    ...(request.trackerId === '' ? [] : [`trackerid=${encodeURIComponent(request.trackerId)}`]),
  ].join('&');
  return `${announceUrl}${announceUrl.includes('?') ? '&' : '?'}${parameters}`;
}

/**
 * Reads the query of an announce (what stands after `?`). Throws `bad-announce`, with a message that may be sent
 * back as the failure reason: it repeats nothing of the query but parameter names.
 */
export function parseAnnounceQuery(query: string): AnnounceRequest {
  const values = new Map<string, string>();
  for (const [name, value] of splitQuery(query)) {
    if (values.has(name) && READ.has(name)) throw new WireError('bad-announce', `${name} is given twice`);
    values.set(name, value);
  }
  const need = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new WireError('bad-announce', `${name} is missing`);
    return value;
  };
  const number = (name: string): number => naturalOf(name, values.get(name) ?? '0');
  const port = naturalOf('port', need('port'));
  if (port < 1 || port > 65_535) throw new WireError('bad-announce', 'port is not from 1 to 65535');
  return {
    infoHash: unescapeBytes('info_hash', need('info_hash'), 20),
    peerId: brandBytes('PeerId', unescapeBytes('peer_id', need('peer_id'), 20)),
    port,
    uploadedBytes: number('uploaded'),
    downloadedBytes: number('downloaded'),
    leftBytes: naturalOf('left', need('left')),
    event: eventOf(values.get('event') ?? ''),
    numWant: numWantOf(values),
    compact: values.get('compact') !== '0',
    noPeerId: values.get('no_peer_id') === '1',
    key: text(values.get('key')),
    trackerId: text(values.get('trackerid')),
  };
}

/** Infohashes of a scrape's query (BEP 48), 20 bytes each. Throws `bad-announce` for none or too many. */
export function parseScrapeQuery(query: string): Uint8Array<ArrayBuffer>[] {
  const hashes = splitQuery(query)
    .filter(([name]) => name === 'info_hash')
    .map(([name, value]) => unescapeBytes(name, value, 20));
  if (hashes.length === 0 || hashes.length > MAXIMUM_SCRAPE) {
    throw new WireError('bad-announce', `a scrape names 1 to ${MAXIMUM_SCRAPE} info_hash parameters`);
  }
  return hashes;
}

/** The scrape URL of an announce URL: `announce` after the last slash becomes `scrape` (BEP 48); else `undefined`. */
export function formatScrapeUrl(announceUrl: string, infoHashes: readonly Uint8Array[]): string | undefined {
  const at = announceUrl.lastIndexOf('/') + 1;
  if (!announceUrl.startsWith('announce', at)) return undefined;
  const url = `${announceUrl.slice(0, at)}scrape${announceUrl.slice(at + 'announce'.length)}`;
  const query = infoHashes.map((hash) => `info_hash=${escapeBytes(hash)}`).join('&');
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

const READ = new Set([
  'info_hash',
  'peer_id',
  'port',
  'uploaded',
  'downloaded',
  'left',
  'event',
  'numwant',
  'compact',
]);

function eventOf(value: string): AnnounceEvent {
  switch (value) {
    case '':
    case 'empty':
      return null;
    case 'started':
    case 'stopped':
    case 'completed':
    case 'paused':
      return value;
    default:
      throw new WireError('bad-announce', 'event is none of started, stopped, completed, paused');
  }
}

/** `numwant`; some clients write a negative number where they mean "as many as you like". */
function numWantOf(values: ReadonlyMap<string, string>): number | null {
  const value = values.get('numwant');
  return value === undefined || /^-[0-9]{1,10}$/.test(value) ? null : naturalOf('numwant', value);
}

function text(value: string | undefined): string {
  try {
    return decodeURIComponent(value ?? '').slice(0, MAXIMUM_KEY);
  } catch {
    return ''; // wrongly escaped: it names nobody
  }
}
