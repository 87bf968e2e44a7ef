import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { programOf } from '../../test/support/needs.ts';
import type { SeederOrder } from './seeder-child.ts';

export type SeederName = 'engine' | 'libtorrent';

export interface SeederStart {
  readonly port: number;
  /** From the first torrent until all are hashed and seeded. */
  readonly seconds: number;
  readonly emptyMib: number;
  readonly rssMib: number;
}

const SCRIPT = fileURLToPath(new URL('./libtorrent_seeder.py', import.meta.url));

/** A measured seeder in a process of its own. */
export class MeasuredSeeder {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(client: SeederName, order: SeederOrder) {
    const last = JSON.stringify(order);
    const [program, args] =
      client === 'libtorrent'
        ? [programOf('libtorrent'), [SCRIPT, last]]
        : [process.execPath, [process.argv[1] as string, '--play', last]];
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'bitquorum-bench-cache') },
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  /** Its first line. */
  start(): Promise<SeederStart> {
    return this.#hear();
  }

  rss(): Promise<{ readonly rssMib: number }> {
    return this.#ask('rss');
  }

  idle(): Promise<{ readonly cpuSeconds: number }> {
    return this.#ask('idle');
  }

  async close(): Promise<{ readonly seconds: number }> {
    const exit = once(this.#child, 'exit');
    const answer = await this.#ask<{ seconds: number }>('close');
    await exit;
    return answer;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ask<Answer>(word: string): Promise<Answer> {
    const answer = this.#hear<Answer>();
    this.#child.stdin?.write(`${word}\n`);
    return answer;
  }

  async #hear<Answer>(): Promise<Answer> {
    const gone = once(this.#lines, 'close').then(() => {
      throw new Error('the seeder ended too early');
    });
    const [line] = (await Promise.race([once(this.#lines, 'line'), gone])) as [string];
    return JSON.parse(line) as Answer;
  }
}
