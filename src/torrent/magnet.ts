import {
  brandBytes,
  equalBytes,
  fromBase32,
  fromHex,
  type InfoHashV1,
  type InfoHashV2,
  toHex,
} from '../bytes/index.ts';
import { TorrentError } from './error.ts';
import { isTrackerUrl, isWebSeedUrl, usable } from './web-urls.ts';

/** A magnet link (BEP 9, BEP 53, BEP 52 "upgrade path"). At least one infohash is there. */
export interface Magnet {
  readonly infoHashV2?: InfoHashV2;
  readonly infoHashV1?: InfoHashV1;
  /** `dn`: a name to show, from whoever made the link. */
  readonly name?: string;
  /** `xl`: size of the content in bytes, unchecked. */
  readonly sizeBytes?: number;
  /** `tr`. */
  readonly trackers: readonly string[];
  /** `ws`. */
  readonly webSeeds: readonly string[];
  /** `x.pe`: peers to ask; IPv6 addresses without brackets. */
  readonly peers: readonly PeerHint[];
}

export interface PeerHint {
  readonly host: string;
  readonly port: number;
}

const MAXIMUM_CHARACTERS = 65_536;
const MAXIMUM_URLS = 100;
const MAXIMUM_PEERS = 100;
const SCHEME = /^magnet:\?/i;
/** Multihash of SHA-256 with 32 bytes: the only one that BEP 52 uses. */
const MULTIHASH = '1220';

/**
 * Reads a magnet link. Strict on infohashes, tolerant of everything else: unknown parameters, unusable
 * trackers and malformed peers are left out. Throws `bad-magnet` or `bad-info-hash`.
 *
 * @example
 * parseMagnet('magnet:?xt=urn:btmh:1220caf1…&dn=gzip&tr=http%3A%2F%2Ftally.example%2Fannounce');
 */
export function parseMagnet(link: string): Magnet {
  if (link.length > MAXIMUM_CHARACTERS) {
    throw new TorrentError('bad-magnet', `a magnet link may have ${MAXIMUM_CHARACTERS} characters at most`);
  }
  if (!SCHEME.test(link)) throw new TorrentError('bad-magnet', 'a magnet link begins with "magnet:?"');
  const parameters = new URLSearchParams(link.replace(SCHEME, '').replace(/#.*$/s, ''));
  const hashes = readHashes(valuesOf(parameters, 'xt'));
  const name = parameters.get('dn');
  const size = parameters.get('xl');
  return {
    ...hashes,
    ...(name && { name }),
    ...(size && /^[0-9]{1,15}$/.test(size) && { sizeBytes: Number(size) }),
    trackers: usable(valuesOf(parameters, 'tr'), isTrackerUrl, MAXIMUM_URLS),
    webSeeds: usable(valuesOf(parameters, 'ws'), isWebSeedUrl, MAXIMUM_URLS),
    peers: valuesOf(parameters, 'x.pe')
      .slice(0, MAXIMUM_PEERS)
      .flatMap((text) => readPeer(text) ?? []),
  };
}

/** Writes a magnet link: the v1 infohash first, since some clients read the first `xt` only. */
export function formatMagnet(magnet: Partial<Magnet>): string {
  const parameters: string[] = [];
  const add = (key: string, value: string | number): void => {
    parameters.push(`${key}=${encodeURIComponent(value)}`);
  };
  if (magnet.infoHashV1) parameters.push(`xt=urn:btih:${toHex(magnet.infoHashV1)}`);
  if (magnet.infoHashV2) parameters.push(`xt=urn:btmh:${MULTIHASH}${toHex(magnet.infoHashV2)}`);
  if (parameters.length === 0) throw new TorrentError('bad-magnet', 'a magnet link needs an infohash');
  if (magnet.name) add('dn', magnet.name);
  if (magnet.sizeBytes !== undefined) add('xl', magnet.sizeBytes);
  for (const url of magnet.trackers ?? []) add('tr', url);
  for (const url of magnet.webSeeds ?? []) add('ws', url);
  for (const { host, port } of magnet.peers ?? [])
    add('x.pe', `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return `magnet:?${parameters.join('&')}`;
}

function readHashes(topics: readonly string[]): Pick<Magnet, 'infoHashV1' | 'infoHashV2'> {
  let infoHashV1: InfoHashV1 | undefined;
  let infoHashV2: InfoHashV2 | undefined;
  for (const topic of topics) {
    const [, kind, text] = /^urn:(btih|btmh):(.*)$/is.exec(topic) ?? [];
    if (kind?.toLowerCase() === 'btih') infoHashV1 = same(infoHashV1, readV1(text as string), topic);
    if (kind?.toLowerCase() === 'btmh') infoHashV2 = same(infoHashV2, readV2(text as string), topic);
  }
  if (!infoHashV1 && !infoHashV2) {
    throw new TorrentError(
      'bad-magnet',
      'the magnet link has no infohash: it needs "xt=urn:btmh:1220…" or "xt=urn:btih:…"',
    );
  }
  return { ...(infoHashV2 && { infoHashV2 }), ...(infoHashV1 && { infoHashV1 }) };
}

/** A v1 infohash: 40 hexadecimal digits, or 32 letters of base32 as old links have them. */
function readV1(text: string): InfoHashV1 {
  if (/^[0-9a-f]{40}$/i.test(text)) return brandBytes('InfoHashV1', fromHex(text));
  if (/^[a-z2-7]{32}$/i.test(text)) return brandBytes('InfoHashV1', fromBase32(text));
  throw badHash(text, 'a v1 infohash (btih) has 40 hexadecimal digits or 32 letters of base32');
}

function readV2(text: string): InfoHashV2 {
  if (/^1220[0-9a-f]{64}$/i.test(text))
    return brandBytes('InfoHashV2', fromHex(text.slice(MULTIHASH.length)));
  throw badHash(text, 'a v2 infohash (btmh) is "1220" and 64 hexadecimal digits');
}

function same<Hash extends Uint8Array>(earlier: Hash | undefined, hash: Hash, topic: string): Hash {
  if (earlier && !equalBytes(earlier, hash)) throw badHash(topic, 'the link names two torrents at once');
  return hash;
}

function badHash(text: string, reason: string): TorrentError {
  return new TorrentError('bad-info-hash', `magnet link, ${JSON.stringify(text.slice(0, 100))}: ${reason}`);
}

/** The values of a parameter, also in its numbered form (`tr.1`). */
function valuesOf(parameters: URLSearchParams, key: string): string[] {
  const values: string[] = [];
  for (const [name, value] of parameters) {
    if (name === key || (name.startsWith(`${key}.`) && /^[0-9]+$/.test(name.slice(key.length + 1)))) {
      values.push(value);
    }
  }
  return values;
}

function readPeer(text: string): PeerHint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host && port > 0 && port < 65_536 ? { host, port } : undefined;
}
