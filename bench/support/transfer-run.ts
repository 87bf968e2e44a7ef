import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { programOf } from '../../test/support/needs.ts';
import type { TransferOrder } from './transfer-child.ts';
import { WarmMemory } from './warm-memory.ts';

/**
 * `plain`: our engine without its native part, where that was compiled. `resumed`: libtorrent as after a restart, with resume
 * data, which hashes nothing. `trusting`: libtorrent with its flag `seed_mode`, which hashes a piece when it first sends it.
 */
export type ClientName = 'engine' | 'plain' | 'libtorrent' | 'resumed' | 'trusting' | 'webtorrent';

const LIBTORRENTS: ReadonlySet<ClientName> = new Set(['libtorrent', 'resumed', 'trusting']);

/** What a transfer cost one side. */
export interface SideCost {
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

export interface TransferFigures {
  readonly seconds: number;
  /** What each side says of itself: version and settings. */
  readonly settings: ReadonlyMap<ClientName, string>;
  readonly seeder: SideCost;
  readonly downloader: SideCost;
}

/** Memory that the sides themselves may come to need. */
const OWN_BYTES = 192 * 1024 * 1024;
const SCRIPT = fileURLToPath(new URL('./libtorrent_transfer.py', import.meta.url));

/** A side that ended before its time: other clients crash now and then. */
export class SideEndedError extends Error {}

/** One side in a process of its own. */
class Side {
  readonly #client: ClientName;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(client: ClientName, order: TransferOrder) {
    this.#client = client;
    const isStarted = client === 'resumed' || client === 'trusting';
    const last = JSON.stringify(isStarted ? { ...order, start: client } : order);
    const [program, args] = LIBTORRENTS.has(client)
      ? [programOf('libtorrent'), [SCRIPT, last]]
      : [process.execPath, [process.argv[1] as string, '--play', client, last]];
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      // Compiled program text is kept from one process to the next, as it is for those that run for long.
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(tmpdir(), 'bitquorum-bench-cache'),
        ...(client === 'plain' && { BITQUORUM_NATIVE: 'off' }),
      },
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  async hear<Event>(): Promise<Event> {
    const [line] = (await Promise.race([once(this.#lines, 'line'), this.#gone()])) as [string];
    return JSON.parse(line) as Event;
  }

  say(word: 'go' | 'end'): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  async end(): Promise<SideCost> {
    const exit = once(this.#child, 'exit');
    const cost = this.hear<SideCost>();
    this.say('end');
    await exit; // it may have a profile to write
    return await cost;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #gone(): Promise<never> {
    await once(this.#lines, 'close');
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await once(this.#child, 'exit');
    const how = this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
    throw new SideEndedError(`${this.#client} ended in the middle of a transfer: ${how}`);
  }
}

/** What is moved, and from where to where. */
export interface TransferPlan {
  readonly torrent: string;
  readonly source: string;
  readonly target: string;
  readonly sizeBytes: number;
}

/** Moves a torrent's content once from a seeder to a downloader over loopback. */
export async function runTransfer(
  clients: { readonly seeder: ClientName; readonly downloader: ClientName },
  { torrent, source, target, sizeBytes }: TransferPlan,
): Promise<TransferFigures> {
  const sides: Side[] = [];
  const settings = new Map<ClientName, string>();
  const memory = new WarmMemory(`${target}.memory`);
  const open = async (client: ClientName, order: TransferOrder): Promise<[Side, number]> => {
    const side = new Side(client, order);
    sides.push(side);
    const { port, settings: told } = await side.hear<{ port: number; settings: string }>();
    settings.set(client, told);
    return [side, port];
  };
  try {
    const [seeder, peer] = await open(clients.seeder, { torrent, folder: source });
    const [downloader] = await open(clients.downloader, { torrent, folder: target, peer });
    memory.fill(sizeBytes + OWN_BYTES);
    memory.follow(target);
    seeder.say('go');
    const done = downloader.hear<{ seconds: number }>();
    downloader.say('go');
    const { seconds } = await done;
    memory.release();
    return { seconds, settings, seeder: await seeder.end(), downloader: await downloader.end() };
  } finally {
    memory.release();
    for (const side of sides) side.kill();
  }
}
