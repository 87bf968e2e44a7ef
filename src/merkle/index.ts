/** Merkle trees, pure: a transparency log's (RFC 6962, C2SP tlog-tiles) and a torrent file's (BEP 52). */
export { BLOCK_BYTES, createBlockTreeHasher, treeHeight } from './bep52-hash.ts';
export type { HashLayer } from './bep52-layer.ts';
export { hashAt, layerAbove, layerRoot, layersUp } from './bep52-layer.ts';
export { foldUncles, unclesOf } from './bep52-proof.ts';
export { edgeNodes, GrowingTree } from './rfc6962-growing.ts';
export type { LogTreeHasher } from './rfc6962-hash.ts';
export { createLogTreeHasher, HASH_BYTES, LogTreeError } from './rfc6962-hash.ts';
export type { ReadNodes } from './rfc6962-prove.ts';
export { proveConsistency, proveInclusion } from './rfc6962-prove.ts';
export type { TreeNode } from './rfc6962-range.ts';
export type { Tile } from './rfc6962-tile.ts';
export { TILE_WIDTH, tileNodeReader, tileWidthAt } from './rfc6962-tile.ts';
export { formatTilePath, parseTilePath } from './rfc6962-tile-path.ts';
export { verifyConsistency, verifyInclusion } from './rfc6962-verify.ts';
