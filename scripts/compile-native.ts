// What `npm run native` runs on the product's own Node: compiles, tries, and says what came of it.
import { compileNative, loadNative, nativePath } from '../src/sha256/index.ts';

try {
  const path = nativePath();
  compileNative(path);
  console.log(
    loadNative(path)
      ? `native: SHA-256 is hashed by ${path} from now on; BITQUORUM_NATIVE=off does without it`
      : 'native: compiled, but this processor has no SHA instructions that it could use: node:crypto goes on hashing',
  );
} catch (error) {
  console.error(`native: ${(error as Error).message}`);
  process.exitCode = 1;
}
