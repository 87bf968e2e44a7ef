import { type BencodeNode, decode, type Encodable, encode, MESSAGE_LIMITS } from '../bencode/index.ts';
import { copyBytes, toHex } from '../bytes/index.ts';
import { WireError } from './error.ts';
import { refuseAs } from './extension.ts';
import { addressBytes, encodeCompactPeers, type PeerAddress, parseCompactPeers } from './peer-address.ts';

/** A peer in a tracker's answer; its id only where the tracker tells it. */
export interface TrackedPeer extends PeerAddress {
  readonly peerId?: Uint8Array;
}

/** A tracker's answer to an announce (BEP 3, 7, 23). */
export interface AnnounceResponse {
  readonly intervalSeconds: number;
  readonly minIntervalSeconds?: number;
  /** Seeders. */
  readonly complete: number;
  /** Downloaders. */
  readonly incomplete: number;
  readonly peers: readonly TrackedPeer[];
  /** Text for the user, as it came: escape it before it is shown. */
  readonly warning?: string;
  readonly trackerId?: string;
}

/** What a scrape tells about one swarm (BEP 48). */
export interface ScrapeCounts {
  readonly complete: number;
  readonly incomplete: number;
  readonly downloaded: number;
}

/** How the peers of an answer are written: packed (BEP 23 and 7), or as dictionaries with or without peer ids. */
export type PeerForm = 'compact' | 'list' | 'list-without-ids';

/** Most peers that are taken out of one answer. */
const MAXIMUM_PEERS = 1000;
const MAXIMUM_TEXT = 300;
const lenientUtf8 = new TextDecoder();

/** A tracker's answer to an announce. */
export function encodeAnnounceResponse(
  response: AnnounceResponse,
  form: PeerForm = 'compact',
): Uint8Array<ArrayBuffer> {
  return encode({
    complete: response.complete,
    incomplete: response.incomplete,
    interval: response.intervalSeconds,
    'min interval': response.minIntervalSeconds,
    'tracker id': response.trackerId,
    'warning message': response.warning,
    ...peersIn(form, response.peers),
  });
}

/** The answer to a request that is refused (BEP 3). */
export function encodeTrackerFailure(reason: string): Uint8Array<ArrayBuffer> {
  return encode({ 'failure reason': reason });
}

/** A tracker's answer to a scrape (BEP 48): counts by the 20 bytes of each infohash. */
export function encodeScrapeResponse(
  counts: Iterable<readonly [infoHash: Uint8Array, counts: ScrapeCounts]>,
): Uint8Array<ArrayBuffer> {
  const files = new Map<string, readonly [Uint8Array, Encodable]>();
  for (const [infoHash, { complete, downloaded, incomplete }] of counts) {
    files.set(toHex(infoHash), [infoHash, { complete, downloaded, incomplete }]);
  }
  return encode({ files: new Map(files.values()) });
}

/**
 * Reads an answer to an announce, peers packed or not. Throws `bad-tracker-response`, also for a failure reason,
 * which its message quotes (escaped, at most 300 characters).
 */
export function parseAnnounceResponse(bytes: Uint8Array): AnnounceResponse {
  return refuseAs('bad-tracker-response', "the tracker's answer", () => {
    const root = successful(bytes);
    const minIntervalSeconds = optional(root, 'min interval');
    const warning = textOf(root.get('warning message'));
    const trackerId = textOf(root.get('tracker id'));
    return {
      intervalSeconds: optional(root, 'interval') ?? 0,
      ...(minIntervalSeconds === undefined ? {} : { minIntervalSeconds }),
      complete: optional(root, 'complete') ?? 0,
      incomplete: optional(root, 'incomplete') ?? 0,
      peers: [...peersOf(root.get('peers')), ...packedPeers(root.get('peers6'), 6)].slice(0, MAXIMUM_PEERS),
      ...(warning === undefined ? {} : { warning }),
      ...(trackerId === undefined ? {} : { trackerId }),
    };
  });
}

/** Reads an answer to a scrape: counts by lower-case hex of the infohash. Throws `bad-tracker-response`. */
export function parseScrapeResponse(bytes: Uint8Array): Map<string, ScrapeCounts> {
  return refuseAs('bad-tracker-response', "the tracker's answer", () => {
    const counts = new Map<string, ScrapeCounts>();
    for (const [infoHash, node] of successful(bytes).get('files')?.entries() ?? []) {
      if (infoHash.length !== 20) continue;
      counts.set(toHex(infoHash), {
        complete: optional(node, 'complete') ?? 0,
        incomplete: optional(node, 'incomplete') ?? 0,
        downloaded: optional(node, 'downloaded') ?? 0,
      });
    }
    return counts;
  });
}

function peersIn(form: PeerForm, peers: readonly TrackedPeer[]): { [key: string]: Encodable | undefined } {
  if (form === 'compact') {
    const { v4, v6 } = encodeCompactPeers(peers);
    return { peers: v4, peers6: v6.length > 0 ? v6 : undefined };
  }
  return {
    peers: peers.map(({ host, port, peerId }) => ({
      ip: host,
      port,
      'peer id': form === 'list' ? peerId : undefined,
    })),
  };
}

function successful(bytes: Uint8Array): BencodeNode {
  const root = decode(bytes, MESSAGE_LIMITS);
  const failure = textOf(root.get('failure reason'));
  if (failure !== undefined) {
    throw new WireError('bad-tracker-response', `the tracker refused: ${JSON.stringify(failure)}`);
  }
  return root;
}

function peersOf(node: BencodeNode | undefined): TrackedPeer[] {
  if (node?.kind !== 'list') return packedPeers(node, 4);
  const peers: TrackedPeer[] = [];
  for (const item of node.items()) {
    if (peers.length === MAXIMUM_PEERS) break;
    const host = textOf(item.get('ip'));
    const port = optional(item, 'port');
    if (host === undefined || port === undefined || port < 1 || port > 65_535) continue;
    if (addressBytes(host) === undefined) continue; // a name: resolving it is not the tracker's to ask
    const peerId = item.get('peer id');
    peers.push({ host, port, ...(peerId?.kind === 'bytes' ? { peerId: copyBytes(peerId.bytes()) } : {}) });
  }
  return peers;
}

function packedPeers(node: BencodeNode | undefined, family: 4 | 6): TrackedPeer[] {
  return node?.kind === 'bytes' ? parseCompactPeers(node.bytes(), family) : [];
}

function optional(node: BencodeNode, key: string): number | undefined {
  const value = node.get(key);
  return value?.kind === 'integer' ? Math.max(0, value.integer()) : undefined;
}

function textOf(node: BencodeNode | undefined): string | undefined {
  if (node?.kind !== 'bytes') return undefined;
  return lenientUtf8.decode(node.bytes().subarray(0, MAXIMUM_TEXT));
}
