// A process that stores so many entries, says `ready`, and waits to be killed.
import { openSqliteStore } from '../../src/store/index.ts';
import { batch, entries } from './samples.ts';

const BATCH = 50;

const [path = '', count = '0'] = process.argv.slice(2);
const store = await openSqliteStore({ path });
for (let first = 0; first < Number(count); first += BATCH) {
  await store.appendEntries(batch(first, entries(first, Math.min(BATCH, Number(count) - first))));
}
console.log('ready');
setInterval(() => undefined, 1000);
