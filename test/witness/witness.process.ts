// Runs a witness in a folder until it is killed: node witness.process.ts FOLDER LOG_VKEY
import { join } from 'node:path';
import { readCosignerFile, startWitness } from '../../src/witness/index.ts';

const [, , folder = '', vkey = ''] = process.argv;
const witness = await startWitness({
  dataFolder: folder,
  cosigners: [await readCosignerFile(join(folder, 'key'))],
  logs: [vkey],
  limits: { burst: 1_000_000 },
});
console.log(witness.url);
