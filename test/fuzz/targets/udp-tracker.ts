// A UDP tracker's packets (BEP 15).
import { addressBytes, encodeCompactPeers, parseUdpAnswer, WireError } from '../../../src/wire/index.ts';
import { accepted, mustEqual, readAndOverwrite } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  for (const family of [4, 6] as const) {
    const answer = accepted(WireError, () => readAndOverwrite(bytes, (each) => parseUdpAnswer(each, family)));
    if (!answer) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (answer.transactionId !== view.getUint32(4)) throw new Error('another transaction');
    if (answer.action === 'error' && answer.message.length > 300) throw new Error('a message without bound');
    if (answer.action === 'announce') checkPeers(bytes, family, answer.response.peers);
  }
}

function checkPeers(
  bytes: Uint8Array,
  family: 4 | 6,
  peers: readonly { readonly host: string; readonly port: number }[],
): void {
  const size = family === 4 ? 6 : 18;
  const kept: Uint8Array[] = [];
  for (let at = 20; at + size <= bytes.length; at += size) {
    const one = bytes.subarray(at, at + size);
    if (one[size - 2] !== 0 || one[size - 1] !== 0) kept.push(one);
  }
  if (peers.some(({ host }) => addressBytes(host)?.length !== size - 2))
    throw new Error('an address of the other family');
  mustEqual(encodeCompactPeers(peers)[family === 4 ? 'v4' : 'v6'], Buffer.concat(kept), 'packed peers');
}
