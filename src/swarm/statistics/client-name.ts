import { printable } from '../../bytes/index.ts';

const LONGEST_NAME = 64;

/** The two letters of a peer id (BEP 20) of clients that are often met. */
const KNOWN: Readonly<Record<string, string>> = {
  AZ: 'Vuze',
  BQ: 'bitquorum',
  DE: 'Deluge',
  KT: 'KTorrent',
  LT: 'libtorrent',
  lt: 'rTorrent',
  qB: 'qBittorrent',
  TR: 'Transmission',
  UT: 'µTorrent',
  WW: 'WebTorrent',
};

/**
 * What a peer calls itself, made safe for one line on a terminal: what it says in its extension handshake, or else what
 * its peer id tells. It is no more than a claim.
 */
export function clientName(told: string | undefined, peerId: Uint8Array): string {
  const name = printable(told ?? '').trim();
  if (name !== '') return Array.from(name).slice(0, LONGEST_NAME).join('');
  const [, letters, version] = /^-([A-Za-z~]{2})([0-9A-Za-z]{4})-/.exec(String.fromCharCode(...peerId)) ?? [];
  if (letters === undefined || version === undefined) return 'unknown client';
  const known = Object.hasOwn(KNOWN, letters) ? KNOWN[letters] : undefined;
  return `${known ?? letters} ${version.split('').join('.')}`;
}
