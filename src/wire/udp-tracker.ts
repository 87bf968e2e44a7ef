import { concatBytes, copyBytes, toUtf8 } from '../bytes/index.ts';
import { WireError } from './error.ts';
import { readUint32 } from './parse-message.ts';
import { parseCompactPeers } from './peer-address.ts';
import type { AnnounceEvent, AnnounceRequest } from './tracker-request.ts';
import type { AnnounceResponse } from './tracker-response.ts';

/** How long a connection id may be used after it came, in milliseconds (BEP 15: one minute). */
export const UDP_CONNECTION_MS = 60_000;
/** Longest packet that is read. */
const MAXIMUM_PACKET = 8192;
const MAXIMUM_TEXT = 300;
/** What a connection begins with: the protocol's number. */
const PROTOCOL = Uint8Array.of(0x00, 0x00, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80);
const ACTION = { connect: 0, announce: 1, error: 3 } as const;
/** Option 2 of BEP 41: a part of the URL's path and query, at most 255 bytes each. */
const URL_DATA = 2;
const MAXIMUM_URL_PART = 255;
const MAXIMUM_URL_BYTES = 2048;
const lenientUtf8 = new TextDecoder();

/** What a UDP tracker answers. */
export type UdpAnswer =
  | { readonly action: 'connect'; readonly transactionId: number; readonly connectionId: Uint8Array }
  | { readonly action: 'announce'; readonly transactionId: number; readonly response: AnnounceResponse }
  | { readonly action: 'error'; readonly transactionId: number; readonly message: string };

/** An announce by UDP: the key is a number here. */
export interface UdpAnnounce
  extends Pick<
    AnnounceRequest,
    'infoHash' | 'peerId' | 'port' | 'uploadedBytes' | 'downloadedBytes' | 'leftBytes' | 'numWant'
  > {
  /** 8 bytes, as the tracker gave them. */
  readonly connectionId: Uint8Array;
  readonly transactionId: number;
  readonly event: AnnounceEvent;
  /** 32 bits. */
  readonly key: number;
  /** Path and query of the tracker's URL (BEP 41), at most 2,048 bytes of which are sent; may be empty. */
  readonly urlData: string;
}

/** `protocol[8] action[4] transaction id[4]` (BEP 15, "Connect"). */
export function encodeUdpConnect(transactionId: number): Uint8Array {
  return concatBytes(PROTOCOL, uint32(ACTION.connect), uint32(transactionId));
}

/** The 98 bytes of BEP 15, "IPv4 announce request", and the URL as options of BEP 41. The IP address is left at 0. */
export function encodeUdpAnnounce(announce: UdpAnnounce): Uint8Array {
  const { connectionId, transactionId, infoHash, peerId, event, key, numWant, port, urlData } = announce;
  return concatBytes(
    connectionId,
    uint32(ACTION.announce),
    uint32(transactionId),
    infoHash,
    peerId,
    uint64(announce.downloadedBytes),
    uint64(announce.leftBytes),
    uint64(announce.uploadedBytes),
    uint32(eventNumber(event)),
    uint32(0),
    uint32(key),
    uint32(numWant ?? -1),
    Uint8Array.of(port >> 8, port & 0xff),
    ...urlOptions(urlData),
  );
}

/**
 * Reads a tracker's packet; `family` is that of the address it came from, and so of the peers in it. Throws
 * `bad-tracker-response`.
 */
export function parseUdpAnswer(bytes: Uint8Array, family: 4 | 6): UdpAnswer {
  if (bytes.length < 8 || bytes.length > MAXIMUM_PACKET) throw bad(`a packet of ${bytes.length} bytes`);
  const action = readUint32(bytes, 0);
  const transactionId = readUint32(bytes, 4);
  switch (action) {
    case ACTION.connect:
      if (bytes.length < 16) throw bad(`a connect answer of ${bytes.length} bytes`);
      return { action: 'connect', transactionId, connectionId: copyBytes(bytes, 8, 16) };
    case ACTION.announce:
      if (bytes.length < 20) throw bad(`an announce answer of ${bytes.length} bytes`);
      return { action: 'announce', transactionId, response: parseAnswer(bytes, family) };
    case ACTION.error:
      return {
        action: 'error',
        transactionId,
        message: lenientUtf8.decode(bytes.subarray(8, 8 + MAXIMUM_TEXT)),
      };
    default:
      throw bad(`action ${action}`);
  }
}

function parseAnswer(bytes: Uint8Array, family: 4 | 6): AnnounceResponse {
  const size = family === 4 ? 6 : 18;
  const packed = bytes.subarray(20);
  return {
    intervalSeconds: readUint32(bytes, 8),
    incomplete: readUint32(bytes, 12),
    complete: readUint32(bytes, 16),
    // A last peer that was cut off by the packet's end is left out.
    peers: parseCompactPeers(packed.subarray(0, packed.length - (packed.length % size)), family),
  };
}

function urlOptions(urlData: string): Uint8Array[] {
  const bytes = toUtf8(urlData).subarray(0, MAXIMUM_URL_BYTES);
  const options: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += MAXIMUM_URL_PART) {
    const part = bytes.subarray(at, at + MAXIMUM_URL_PART);
    options.push(Uint8Array.of(URL_DATA, part.length), part);
  }
  return options;
}

/** BEP 15 knows no pause (BEP 21): it is a regular announce. */
function eventNumber(event: AnnounceEvent): number {
  switch (event) {
    case 'completed':
      return 1;
    case 'started':
      return 2;
    case 'stopped':
      return 3;
    default:
      return 0;
  }
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function uint64(value: number): Uint8Array {
  return concatBytes(uint32(Math.floor(value / 2 ** 32)), uint32(value % 2 ** 32));
}

function bad(what: string): WireError {
  return new WireError('bad-tracker-response', `the tracker answered with ${what}`);
}
