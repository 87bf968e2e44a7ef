// A seeder among peers that flood it, and do not read what they asked for: it goes on serving others.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { concatBytes } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { encodeExtensionHandshake, encodeMessage, type PeerMessage } from '../../src/wire/index.ts';
import { fingerprint, type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { flood, watchEscapes, watchMemory } from './hostile-scene.ts';
import { dial, handshakeOf, type Line } from './scripted-peer.ts';

/** Enough for many peers to fill the system's buffers with other blocks each. */
const CONTENT = patternBytes(40_000_000, 81);
/**
 * 106 to 154 MB were measured where nobody reads, by when garbage is collected: two hashing threads of the leecher, pieces of
 * both, and what waits to be sent. A seeder that kept all that twelve peers ask for would hold 480 MB.
 */
const MEMORY_BYTES = 200_000_000;

/** Made once for all tests. */
const sourceFolder = mkdtempSync(join(tmpdir(), 'bitquorum-readers-'));
const source = makeTorrent(sourceFolder, 'content', { '': CONTENT }, 'v2');
after(() => rm(sourceFolder, { recursive: true, force: true }));

async function seeding(context: TestContext, options: ConstructorParameters<typeof Engine>[0] = {}) {
  const folder = await temporaryFolder(context);
  const made = await source;
  const engine = new Engine({ stallTimeoutMs: 2000, ...options });
  context.after(() => engine.close());
  const address = await engine.listen();
  const swarm = await engine.seed(made.torrent, made.path);
  const out = join(folder, 'out');
  const mustServe = async (): Promise<void> => {
    const leecher = new Engine();
    context.after(() => leecher.close());
    const { path } = await leecher.download(made.metainfo, {
      folder: out,
      peers: [address],
      signal: AbortSignal.timeout(20_000),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  };
  return { ...made, address, out, swarm, mustServe };
}

/** Connects, and asks for every block in turn without reading any. */
async function askAll(
  context: TestContext,
  host: string,
  address: { readonly host: string; readonly port: number },
  { metainfo }: MadeTorrent,
  id: number,
): Promise<Line> {
  const line = await dial(context, host, address);
  line.socket.pause();
  line.socket.write(handshakeOf(metainfo, id));
  line.send({ type: 'interested' });
  const requests: Uint8Array[] = [];
  for (let at = 0; at + 16_384 <= CONTENT.length; at += 16_384) {
    const span = { pieceIndex: Math.floor(at / metainfo.pieceLength), begin: at % metainfo.pieceLength };
    requests.push(encodeMessage({ type: 'request', ...span, length: 16_384 }));
  }
  line.socket.write(concatBytes(...requests));
  return line;
}

test('peers that ask for everything and never read take the place of nobody who does', async (context) => {
  const escapes = watchEscapes(context);
  const made = await seeding(context);
  const memory = watchMemory(context);
  const lines: Line[] = [];
  for (let count = 0; count < 12; count += 1) {
    lines.push(await askAll(context, `127.0.26.${1 + (count % 4)}`, made.address, made, count + 1));
  }
  await made.mustServe();
  memory.mustStayBelow(MEMORY_BYTES);
  // What they hold is taken back from them in time.
  const deadline = AbortSignal.timeout(15_000);
  while (made.swarm.progress.peers >= lines.length) await sleep(50, undefined, { signal: deadline });
  await rm(made.out, { recursive: true });
  await made.mustServe();
  escapes.mustBeNone();
});

function many(times: number, ...messages: readonly PeerMessage[]): Uint8Array {
  const once = concatBytes(...messages.map((message) => encodeMessage(message)));
  return concatBytes(...Array.from({ length: times }, () => once));
}

const extensions = new Map(Array.from({ length: 64 }, (_, at) => [`extension ${at}`, at] as const));
const hello = encodeExtensionHandshake({ extensions, metadataBytes: 9_000_000, client: 'x'.repeat(128) });
const block = { pieceIndex: 20, begin: 0, length: 16_384 };

const FLOODS: readonly (readonly [name: string, flood: (made: MadeTorrent) => Uint8Array])[] = [
  ['requests for one block', () => many(1000, { type: 'request', ...block })],
  ['requests and cancels', () => many(500, { type: 'request', ...block }, { type: 'cancel', ...block })],
  ['cancels of nothing', () => many(1000, { type: 'cancel', ...block, begin: 16_384 })],
  ['interest and none', () => many(1000, { type: 'interested' }, { type: 'not-interested' })],
  ['extension handshakes', () => many(30, { type: 'extended', extensionId: 0, payload: hello })],
  [
    'requests for the metadata',
    () => many(300, { type: 'extended', extensionId: 1, payload: Buffer.from('d8:msg_typei0e5:piecei0ee') }),
  ],
  [
    'hash requests for every block',
    ({ metainfo }) =>
      concatBytes(
        ...Array.from({ length: 150 }, (_, at) => {
          const piecesRoot = metainfo.files[0]?.piecesRoot as Uint8Array;
          return many(1, {
            type: 'hash-request',
            piecesRoot,
            baseLayer: 0,
            index: at * 16,
            length: 16,
            proofLayers: 11,
          });
        }),
      ),
  ],
  ['claims of one piece', () => many(1000, { type: 'have', pieceIndex: 7 })],
];

for (const isReading of [true, false]) {
  for (const [name, chunkOf] of FLOODS) {
    test(`a seeder stands a flood of ${name} from a peer that ${isReading ? 'reads' : 'reads nothing'}`, async (context) => {
      const escapes = watchEscapes(context);
      const made = await seeding(context, { sendQueueBytes: 2_000_000 });
      const memory = watchMemory(context);
      const line = await dial(context, '127.0.27.1', made.address);
      if (isReading) line.socket.resume();
      else line.socket.pause();
      line.socket.write(handshakeOf(made.metainfo, 90));
      line.send({ type: 'interested' });
      const [sent] = await Promise.all([flood(line, chunkOf(made), 150), made.mustServe()]);
      assert.ok(sent > 0);
      memory.mustStayBelow(MEMORY_BYTES);
      escapes.mustBeNone();
    });
  }
}
