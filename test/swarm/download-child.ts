// A download in a process of its own, to be killed: `node download-child.ts '{"torrent":…,"folder":…,"port":…}'`. It
// prints one JSON line when it begins, and one at the end.
import { readOrder, say, toldDownload } from './told-download.ts';

const order = readOrder();
say({ event: 'begun' });
await toldDownload(order);
