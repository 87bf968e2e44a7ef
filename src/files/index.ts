/** Files and folders of this machine: made, flushed and replaced so that a crash leaves what was there or what shall be. */
export { flush, flushName } from './flush.ts';
export { makeFolders, makeLastingFolders } from './make-folders.ts';
export { readIfThere, readNamed } from './read-if-there.ts';
export { replaceFile, replaceSharedFile } from './replace-file.ts';
