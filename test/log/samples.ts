import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Log,
  LogError,
  type LogErrorCode,
  type LogOptions,
  openHeadFile,
  openLog,
} from '../../src/log/index.ts';
import { PrivateKey } from '../../src/statement/index.ts';
import { openSqliteStore, type StatementKey, type Store } from '../../src/store/index.ts';

/** A key that everybody knows. */
export const logKey = new PrivateKey('log.example/test', new Uint8Array(32).fill(1));
export const SIGNER = 'ab'.repeat(32);

export const sha256Hex = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export function statementOf(envelope: string | Uint8Array): StatementKey {
  return { signerKey: SIGNER, payloadDigest: sha256Hex(envelope) };
}

/** Logs a text as if it were an envelope. */
export function appendText(log: Log, text: string): ReturnType<Log['append']> {
  return log.append(Buffer.from(text), statementOf(text));
}

/** Waits, a few seconds at most, until the log has published so many entries. */
export async function published(log: Log, size: number): Promise<void> {
  const end = performance.now() + 5000;
  while (log.checkpoint().size < size) {
    assert.ok(performance.now() < end, `no checkpoint of ${size} entries`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** For `assert.rejects`: a log error of one code, and what its message says. */
export const refused =
  (code: LogErrorCode, message = /./) =>
  (error: unknown): boolean =>
    error instanceof LogError && error.code === code && message.test(error.message);

/** A log in a folder of its own under the system's temporary folder. */
export class LogInFolder {
  readonly folder: string;
  #open: { log: Log; store: Store } | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<LogInFolder> {
    return new LogInFolder(await mkdtemp(join(tmpdir(), 'bitquorum-log-')));
  }

  get database(): string {
    return join(this.folder, 'log.sqlite');
  }

  get head(): string {
    return join(this.folder, 'head.checkpoint');
  }

  get store(): Store {
    if (this.#open === undefined) throw new Error('the log is not open');
    return this.#open.store;
  }

  /** Another folder with the files as they lie there now: what a machine finds after the power was lost. */
  async copyAsItLies(): Promise<LogInFolder> {
    const copy = await LogInFolder.make();
    await cp(this.folder, copy.folder, { recursive: true });
    return copy;
  }

  /** Opens it, after closing it where it is open. */
  async open(options: Partial<LogOptions> = {}): Promise<Log> {
    await this.close();
    const store = options.store ?? (await openSqliteStore({ path: this.database }));
    try {
      const log = await openLog({ signer: logKey, head: openHeadFile(this.head), ...options, store });
      this.#open = { log, store };
      return log;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.log.close();
    await open?.store.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true });
  }
}
