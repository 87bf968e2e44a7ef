import { compileNative, loadNative, nativePath } from '../../src/sha256/index.ts';

/**
 * Compiles the optional native part of SHA-256 where it is not there yet, for the processes that a bench starts; says
 * whether they will have it, and why not.
 */
export function prepareNativePart(): boolean {
  const path = nativePath();
  try {
    if (loadNative(path) === undefined) compileNative(path);
  } catch (error) {
    console.error(`without the native part of SHA-256: ${(error as Error).message}`);
  }
  return loadNative(path) !== undefined;
}
