/** SHA-256 in bulk: of blocks and of the layers of their tree; by `node:crypto`, or faster where the native part was compiled. */
export { blockTree, sha256 } from './block-tree.ts';
export { compileNative } from './compile.ts';
export { loadNative, nativePath } from './native.ts';
export { hashedBy, hashRows, rowsOf } from './rows.ts';
