// One Transmission daemon and our engine, at addresses of their own, in a network where nobody else is: Transmission
// takes no peer at 127.0.0.0/8 and none at its own address. Told what to do by an argument, tells the outcome by a line.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { parseMagnet } from '../../src/torrent/index.ts';
import { programOf } from '../support/needs.ts';

/** What the process is told. */
export interface TransmissionOrder {
  readonly folder: string;
  readonly engineHost: string;
  readonly transmissionHost: string;
  /** `.torrent` files that Transmission is given. */
  readonly torrents: readonly string[];
  /** A hybrid that the engine seeds, its v1 magnet link for Transmission, its v2 one for an engine. */
  readonly seeded: {
    readonly torrent: string;
    readonly path: string;
    readonly v1: string;
    readonly v2: string;
  };
}

/** What it tells. */
export interface TransmissionOutcome {
  /** What Transmission said to each `.torrent`. */
  readonly answers: readonly string[];
  readonly magnetAnswer: string;
  /** What it wrote about the metadata that it had from the engine. */
  readonly verdict: string;
  readonly percentDone: number;
  /** Where another engine's download from the same seeder stands. */
  readonly path: string;
}

const RPC_PORT = 9091;
const PEER_PORT = 51_413;

const order = JSON.parse(process.argv[2] ?? '') as TransmissionOrder;
const { daemon, lines } = start();
const api = `http://127.0.0.1:${RPC_PORT}/transmission/rpc`;
let sessionId = '';

const answers: string[] = [];
for (const path of order.torrents) {
  const metainfo = readFileSync(path).toString('base64');
  answers.push((await call('torrent-add', { metainfo })).result);
}
const verdict = Promise.withResolvers<string>();
lines.on('line', (line) => {
  const [words] = line.match(/checksum passed \d, metainfo parsed \d/) ?? [];
  if (words) verdict.resolve(words);
});
const { result: magnetAnswer } = await call('torrent-add', { filename: order.seeded.v1 });
const engine = new Engine({ host: order.engineHost });
const address = await engine.listen();
await engine.seed(readFileSync(order.seeded.torrent), order.seeded.path, {
  peers: [{ host: order.transmissionHost, port: PEER_PORT }],
});
const words = await verdict.promise;
const { arguments: found } = await call('torrent-get', { fields: ['percentDone'] });
const other = new Engine({ host: order.engineHost });
const { path } = await other.download(parseMagnet(order.seeded.v2), {
  folder: join(order.folder, 'out'),
  peers: [address],
});
const outcome: TransmissionOutcome = {
  answers,
  magnetAnswer,
  verdict: words,
  percentDone: found.torrents?.[0]?.percentDone ?? Number.NaN,
  path,
};
await Promise.all([engine.close(), other.close()]);
daemon.kill('SIGKILL');
await once(daemon, 'exit');
process.stdout.write(`${JSON.stringify(outcome)}\n`);

function start(): { readonly daemon: ChildProcess; readonly lines: ReturnType<typeof createInterface> } {
  const home = join(order.folder, 'home');
  mkdirSync(home, { recursive: true });
  const settings = {
    'bind-address-ipv4': order.transmissionHost,
    'bind-address-ipv6': '::1',
    'dht-enabled': false,
    'download-dir': join(home, 'downloads'),
    'lpd-enabled': false,
    'peer-port': PEER_PORT,
    'pex-enabled': false,
    'port-forwarding-enabled': false,
    'rpc-bind-address': '127.0.0.1',
    'rpc-port': RPC_PORT,
    'utp-enabled': false,
  };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  const child = spawn(programOf('transmission'), ['--foreground', '--log-debug', '--config-dir', home], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { daemon: child, lines: createInterface({ input: child.stderr }) };
}

interface Answer {
  readonly result: string;
  readonly arguments: { readonly torrents?: readonly { readonly percentDone: number }[] };
}

/** Asks Transmission; it tells its session's id with the first refusal, and is not there at once. */
async function call(method: string, parameters: object): Promise<Answer> {
  for (;;) {
    const body = JSON.stringify({ method, arguments: parameters });
    const headers = { 'x-transmission-session-id': sessionId };
    const answer = await fetch(api, { method: 'POST', body, headers }).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as Answer;
    sessionId = answer?.headers.get('x-transmission-session-id') ?? '';
    if (!answer) await pause(100);
  }
}
