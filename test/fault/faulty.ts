import type { HeadKeeper } from '../../src/log/index.ts';
import {
  type EntryBatch,
  type EntryPlace,
  type StatementKey,
  type Store,
  type StoredCheckpoint,
  type StoredEntry,
  StoreError,
  type StoreHead,
} from '../../src/store/index.ts';

/** How a write fails: it did not persist, or it did and only the answer was lost. */
export type Fault = 'did not persist' | 'did persist';

/** Everything that a log writes. */
export type Write = 'appendEntries' | 'putCheckpoint' | 'putBlob' | 'putMeta' | 'backup' | 'head';

/** Asked before each write: whether, and how, it is to fail. */
export type FaultPlan = (write: Write) => Fault | undefined;

async function attempt(write: Write, plan: FaultPlan, act: () => Promise<void>): Promise<void> {
  const fault = plan(write);
  if (fault !== 'did not persist') await act();
  if (fault !== undefined) throw new StoreError('failed', `planned: ${write} failed and ${fault}`);
}

/** A real store whose writes fail as planned; reads go through. */
export class FaultyStore implements Store {
  readonly #store: Store;
  readonly #plan: FaultPlan;

  constructor(store: Store, plan: FaultPlan) {
    this.#store = store;
    this.#plan = plan;
  }

  appendEntries(batch: EntryBatch): Promise<void> {
    return attempt('appendEntries', this.#plan, () => this.#store.appendEntries(batch));
  }
  putCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    return attempt('putCheckpoint', this.#plan, () => this.#store.putCheckpoint(checkpoint));
  }
  putBlob(sha256: string, bytes: Uint8Array): Promise<void> {
    return attempt('putBlob', this.#plan, () => this.#store.putBlob(sha256, bytes));
  }
  putMeta(name: string, value: Uint8Array): Promise<void> {
    return attempt('putMeta', this.#plan, () => this.#store.putMeta(name, value));
  }

  head(): Promise<StoreHead> {
    return this.#store.head();
  }
  readEntries(from: number, to: number): Promise<StoredEntry[]> {
    return this.#store.readEntries(from, to);
  }
  findEntries(statements: readonly StatementKey[]): Promise<(EntryPlace | undefined)[]> {
    return this.#store.findEntries(statements);
  }
  readHashes(level: number, from: number, to: number): Promise<Uint8Array> {
    return this.#store.readHashes(level, from, to);
  }
  getCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#store.getCheckpoint();
  }
  getBlob(sha256: string): Promise<Uint8Array | undefined> {
    return this.#store.getBlob(sha256);
  }
  getMeta(name: string): Promise<Uint8Array | undefined> {
    return this.#store.getMeta(name);
  }
  backup(path: string): Promise<void> {
    return attempt('backup', this.#plan, () => this.#store.backup(path));
  }
  close(): Promise<void> {
    return this.#store.close();
  }
}

/** A head keeper whose writes fail as planned. */
export function faultyHead(keeper: HeadKeeper, plan: FaultPlan): HeadKeeper {
  return {
    name: keeper.name,
    read: () => keeper.read(),
    write: (note) => attempt('head', plan, () => keeper.write(note)),
  };
}
