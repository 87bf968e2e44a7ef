import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { programOf } from '../support/needs.ts';

const PATIENCE_MS = 60_000;

/** Downloads a magnet link with the real qBittorrent, in a process and profile of its own, to the end. */
export async function getWithQbittorrent(
  context: TestContext,
  { magnet, profileFolder, saveFolder }: { magnet: string; profileFolder: string; saveFolder: string },
): Promise<void> {
  writeProfile(profileFolder, saveFolder);
  const port = await freePort();
  const child = spawn(programOf('qbittorrent'), [`--profile=${profileFolder}`, `--webui-port=${port}`], {
    stdio: 'ignore',
  });
  context.after(() => end(child));
  const api = `http://127.0.0.1:${port}/api/v2/torrents`;
  const deadline = Date.now() + PATIENCE_MS;
  await until(deadline, async () => (await fetch(`${api}/info`)).ok);
  const added = await fetch(`${api}/add`, { method: 'POST', body: new URLSearchParams({ urls: magnet }) });
  if (!added.ok) throw new Error(`qBittorrent refused the magnet link with status ${added.status}`);
  await until(deadline, async () => {
    const [torrent] = (await (await fetch(`${api}/info`)).json()) as { progress: number }[];
    return torrent?.progress === 1;
  });
}

/** Loopback only, no discovery beside the magnet link's tracker, nothing opened towards the outside. */
function writeProfile(profileFolder: string, saveFolder: string): void {
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
Session\\DefaultSavePath=${saveFolder}
[Network]
PortForwardingEnabled=false
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\UseUPnP=false
`;
  writeFileSync(join(folder, 'qBittorrent.conf'), settings);
}

async function until(deadline: number, done: () => Promise<boolean>): Promise<void> {
  for (;;) {
    if (await done().catch(() => false)) return;
    if (Date.now() > deadline) throw new Error(`qBittorrent was not done after ${PATIENCE_MS} ms`);
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
