// `npm run native`: compiles the optional native part of SHA-256, on a machine that has a C compiler. Nothing needs it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { productNode, setUp } from './setup.mjs';

setUp({ web: false });
const program = join(fileURLToPath(new URL('.', import.meta.url)), 'compile-native.ts');
const { status } = spawnSync(productNode(), [program], { stdio: 'inherit' });
process.exitCode = status ?? 1;
