/**
 * Stands in for npm's `bencode` in the whole dependency tree (package.json, `overrides`). The package takes a
 * negative string length: five bytes of a UDP packet, `l-3:e`, make it loop for ever. It also sorts keys as
 * UTF-16, loses the key `__proto__` and changes keys that are not UTF-8. This one reads by the strict decoder.
 *
 * The packages use `encode` and `decode` of the default export or, by `require`, of the namespace. None of
 * them reads `decode.bytes` or `encode.bytes`: ut_metadata finds the end of its dictionary by itself.
 */
import { decode } from './decode.ts';
import { encode, encodingLength } from './encode.ts';

const byteLength = encodingLength;

export { byteLength, decode, encode, encodingLength };
export default { encode, decode, byteLength, encodingLength };
