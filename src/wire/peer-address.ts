import { WireError } from './error.ts';

/** Where a peer listens: an IPv4 or IPv6 address in text form, without brackets or zone, and a port. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

const BYTES_V4 = 6;
const BYTES_V6 = 18;

/** Peers as BEP 23 (6 bytes each: IPv4, port) and BEP 7 (18 bytes each: IPv6, port) pack them. */
export interface CompactPeers {
  readonly v4: Uint8Array<ArrayBuffer>;
  readonly v6: Uint8Array<ArrayBuffer>;
}

/** Packs peers by family; a host that is no address is left out. */
export function encodeCompactPeers(peers: readonly PeerAddress[]): CompactPeers {
  const v4: number[] = [];
  const v6: number[] = [];
  for (const { host, port } of peers) {
    const bytes = addressBytes(host);
    if (bytes === undefined) continue;
    (bytes.length === 4 ? v4 : v6).push(...bytes, port >> 8, port & 0xff);
  }
  return { v4: Uint8Array.from(v4), v6: Uint8Array.from(v6) };
}

/**
 * Unpacks peers of one family, in order, without those of port 0. Throws `bad-compact-peers` when the length is no
 * multiple of a peer's.
 */
export function parseCompactPeers(bytes: Uint8Array, family: 4 | 6): PeerAddress[] {
  const size = family === 4 ? BYTES_V4 : BYTES_V6;
  if (bytes.length % size !== 0) {
    throw new WireError(
      'bad-compact-peers',
      `${bytes.length} bytes of compact peers are no multiple of ${size}`,
    );
  }
  const peers: PeerAddress[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const host = addressText(bytes.subarray(at, at + size - 2));
    const port = ((bytes[at + size - 2] as number) << 8) | (bytes[at + size - 1] as number);
    if (port !== 0) peers.push({ host, port });
  }
  return peers;
}

/** `host:port`, an IPv6 host in brackets. */
export function formatPeerAddress(peer: PeerAddress): string {
  return peer.host.includes(':') ? `[${peer.host}]:${peer.port}` : `${peer.host}:${peer.port}`;
}

/**
 * Reads `HOST:PORT` as `x.pe` and command lines write it: an IPv4 address, an IPv6 address in brackets, or a
 * name; `undefined` when it is none of them or the port is not 1 to 65,535.
 */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535 || (v6 !== undefined && addressBytes(v6)?.length !== 16)) return undefined;
  return { host: (v6 ?? name) as string, port };
}

/** The 4 or 16 bytes of an address in text form, or `undefined` when it is none. */
export function addressBytes(host: string): readonly number[] | undefined {
  const parts = host.split('.', 5);
  // A leading zero would make a part octal to the system's resolver, and so another address than the one judged here.
  if (parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) {
    const bytes = parts.map(Number);
    return bytes.every((byte) => byte <= 255) ? bytes : undefined;
  }
  return host.includes(':') ? bytesOfV6(host) : undefined;
}

function bytesOfV6(host: string): number[] | undefined {
  const halves = host.split('::');
  if (halves.length > 2) return undefined;
  const parts = halves.map((half, at) => wordsOf(half, at === halves.length - 1));
  const [head, tail] = parts;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const words = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
  return words.flatMap((word) => [word >> 8, word & 0xff]);
}

/** 16-bit words of colon-separated groups, the last of which may be an IPv4 address at the end of all. */
function wordsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const words: number[] = [];
  const groups = text.split(':');
  for (const [at, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) words.push(Number.parseInt(group, 16));
    else if (isEnd && at === groups.length - 1 && group.includes('.')) {
      const bytes = addressBytes(group);
      if (bytes === undefined) return undefined;
      const [a, b, c, d] = bytes as [number, number, number, number];
      words.push((a << 8) | b, (c << 8) | d);
    } else return undefined;
  }
  return words;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] as number) << 8) | (bytes[at * 2 + 1] as number)).toString(16),
  );
  const zeros = longestZeros(words);
  if (zeros.length < 2) return words.join(':');
  const end = zeros.start + zeros.length;
  return `${words.slice(0, zeros.start).join(':')}::${words.slice(end).join(':')}`;
}

/** The first longest run of zero words, which RFC 5952 §4.2 shortens to `::`. */
function longestZeros(words: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start += 1) {
    let length = 0;
    while (words[start + length] === '0') length += 1;
    if (length > longest.length) longest = { start, length };
  }
  return longest;
}
