import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { brandBytes, toHex } from '../../src/bytes/index.ts';
import { encodeHandshake } from '../../src/wire/index.ts';
import { programOf } from '../support/needs.ts';

const PATIENCE_MS = 60_000;

/** What qBittorrent is to take in: a magnet link or a `.torrent` file's bytes, and where its content stands or goes. */
export interface Addition {
  readonly what: string | Uint8Array;
  readonly infoHashV2: Uint8Array;
  readonly saveFolder: string;
  /** Whom it is told to connect to. */
  readonly peer?: { readonly host: string; readonly port: number };
}

/** A running qBittorrent. */
export interface Qbittorrent {
  /** Where it takes peers. */
  readonly port: number;
  /** Adds a torrent; resolves when it has all of it, verified, and serves it. */
  complete(addition: Addition): Promise<void>;
}

interface Row {
  readonly hash: string;
  readonly infohash_v2: string;
  readonly progress: number;
  readonly state: string;
}

const SESSIONS = 3;

/**
 * Downloads a magnet link with the real qBittorrent to the end; resolves with the folder that it is in, below `folder`. A
 * session that ends by itself, without an error of the disk, is followed by a fresh one: qBittorrent tells no number, but
 * libtorrent in its place ends with its error 217, see `getWithLibtorrent`.
 */
export async function getWithQbittorrent(
  context: TestContext,
  { magnet, folder }: { magnet: string; folder: string },
): Promise<string> {
  for (let session = 1; ; session += 1) {
    const profileFolder = join(folder, `profile-${session}`);
    const saveFolder = join(folder, `session-${session}`);
    const { api } = await start(context, profileFolder);
    await add(api, magnet, saveFolder);
    let row: Row | undefined;
    await until(
      async () => {
        [row] = await rows(api);
        return row?.progress === 1 || row?.state === 'error';
      },
      () => rows(api),
    );
    if (row?.state !== 'error') return saveFolder;
    const log = readFileSync(join(profileFolder, 'qBittorrent/data/logs/qbittorrent.log'), 'utf8');
    if (session === SESSIONS || /File error/.test(log))
      throw new Error(`qBittorrent ended the torrent:\n${log}`);
    context.diagnostic(`session ${session}: qBittorrent ended the torrent, ${row.progress * 100} % done`);
  }
}

/** Starts the real qBittorrent in a process and profile of its own; it ends with the test, and so does its trace. */
export async function startQbittorrent(context: TestContext, profileFolder: string): Promise<Qbittorrent> {
  const { api, port } = await start(context, profileFolder);
  return {
    port,
    complete: async ({ what, infoHashV2, saveFolder, peer }) => {
      await add(api, what, saveFolder);
      const find = async (): Promise<Row | undefined> =>
        (await rows(api)).find((row) => row.infohash_v2 === toHex(infoHashV2));
      let hash = '';
      await until(async () => {
        hash = (await find())?.hash ?? '';
        return hash !== '';
      });
      if (peer) {
        const peers = `${peer.host}:${peer.port}`;
        await post(`${api}/addPeers`, new URLSearchParams({ hashes: hash, peers }));
      }
      await until(async () => {
        const row = await find();
        return row?.progress === 1 && !/^(checking|meta|moving)/.test(row.state);
      });
      // It says so up to a second before it takes a connection for a torrent that was just added.
      await until(() => shakesHands(port, infoHashV2));
    },
  };
}

async function start(
  context: TestContext,
  profileFolder: string,
): Promise<{ readonly api: string; readonly port: number }> {
  const [webPort, port] = await Promise.all([freePort(), freePort()]);
  writeProfile(profileFolder, port);
  const child = spawn(programOf('qbittorrent'), [`--profile=${profileFolder}`, `--webui-port=${webPort}`], {
    stdio: 'ignore',
  });
  context.after(() => end(child));
  const api = `http://127.0.0.1:${webPort}/api/v2/torrents`;
  await until(async () => (await fetch(`${api}/info`)).ok);
  return { api, port };
}

/** Whether it answers a handshake for a torrent. */
async function shakesHands(port: number, infoHashV2: Uint8Array): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    const hello = encodeHandshake({
      infoHash: infoHashV2.subarray(0, 20),
      peerId: brandBytes('PeerId', new Uint8Array(20).fill(0x71)),
      extended: false,
      fast: false,
      upgradable: false,
    });
    socket.write(hello);
    await once(socket, 'data', { signal: AbortSignal.timeout(1000) });
    return true;
  } finally {
    socket.destroy();
  }
}

async function add(api: string, what: string | Uint8Array, savepath: string): Promise<void> {
  const form = new FormData();
  form.set('savepath', savepath);
  if (typeof what === 'string') form.set('urls', what);
  else form.set('torrents', new Blob([Buffer.from(what)]), 'content.torrent');
  await post(`${api}/add`, form);
}

async function post(url: string, body: FormData | URLSearchParams): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body });
  const words = await answer.text();
  if (!answer.ok || words.startsWith('Fails')) throw new Error(`qBittorrent: ${answer.status} ${words}`);
}

async function rows(api: string): Promise<readonly Row[]> {
  return (await (await fetch(`${api}/info`)).json()) as Row[];
}

/** Loopback only, no discovery beside the magnet link's tracker, nothing opened towards the outside. */
function writeProfile(profileFolder: string, port: number): void {
  const folder = join(profileFolder, 'qBittorrent', 'config');
  mkdirSync(folder, { recursive: true });
  const settings = `[LegalNotice]
Accepted=true
[BitTorrent]
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\Port=${port}
Session\\QueueingSystemEnabled=false
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\UseUPnP=false
`;
  writeFileSync(join(folder, 'qBittorrent.conf'), settings);
}

/** `tell` says how far it is, when it takes too long. */
async function until(
  done: () => Promise<boolean>,
  tell: () => Promise<unknown> = async () => '',
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    if (await done().catch(() => false)) return;
    if (Date.now() > deadline) {
      const state = JSON.stringify(await tell().catch(String));
      throw new Error(`qBittorrent was not done after ${PATIENCE_MS} ms: ${state}`);
    }
    await pause(250);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
