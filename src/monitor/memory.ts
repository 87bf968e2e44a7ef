import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { makeLastingFolders, readIfThere, replaceFile } from '../files/index.ts';
import { type AlarmKind, type Finding, MonitorError } from './alarm.ts';
import type { MonitorLimits } from './limits.ts';

/** An alarm that was raised and never ends. */
export interface KeptAlarm {
  readonly kind: AlarmKind;
  readonly key: string;
  readonly message: string;
  readonly atMs: number;
  /** Folder of its evidence, below the state folder. */
  readonly evidence: string;
}

const kept = z.strictObject({
  version: z.literal(1),
  alarms: z.array(
    z.strictObject({
      kind: z.enum(['fork', 'wrong-entry', 'late-seed', 'backdated']),
      key: z.string(),
      message: z.string(),
      atMs: z.int(),
      evidence: z.string(),
    }),
  ),
});

/**
 * What a monitor remembers of one log, each part a file that is replaced as a whole: the last checkpoint whose tree it has,
 * and the alarms that never end, with the files that prove them.
 */
export class Memory {
  readonly folder: string;
  readonly #most: Pick<MonitorLimits, 'alarms' | 'forks'>;
  #alarms: KeptAlarm[] = [];
  #checkpoint: Uint8Array | undefined;

  private constructor(folder: string, most: Pick<MonitorLimits, 'alarms' | 'forks'>) {
    this.folder = folder;
    this.#most = most;
  }

  /** Throws `bad-state` when a file is damaged: to go on without it would forget a fork. */
  static async open(folder: string, most: Pick<MonitorLimits, 'alarms' | 'forks'>): Promise<Memory> {
    await makeLastingFolders(folder);
    const memory = new Memory(folder, most);
    memory.#checkpoint = await readIfThere(join(folder, 'checkpoint'));
    const alarms = await readIfThere(join(folder, 'alarms.json'));
    if (alarms !== undefined) memory.#alarms = parseAlarms(alarms, folder);
    return memory;
  }

  get checkpoint(): Uint8Array | undefined {
    return this.#checkpoint;
  }

  get alarms(): readonly KeptAlarm[] {
    return this.#alarms;
  }

  async keepCheckpoint(note: Uint8Array): Promise<void> {
    await replaceFile(join(this.folder, 'checkpoint'), note);
    this.#checkpoint = note;
  }

  /** Whether a finding of this kind can still be kept for ever: beyond the bound only the first of each kind. */
  hasRoom(kind: AlarmKind): boolean {
    const alike = this.#alarms.filter((alarm) => alarm.kind === kind).length;
    if (kind === 'fork' && alike >= this.#most.forks) return false;
    return this.#alarms.length < this.#most.alarms || alike === 0;
  }

  /**
   * Writes a finding's evidence to a folder of its own, whose path below the state folder it gives. One of an alarm that
   * may end takes the place of the last one of its kind and key.
   */
  async keepEvidence({ kind, key, message, evidence, entry }: Finding, atMs: number): Promise<string> {
    const label =
      entry === undefined ? createHash('sha256').update(key).digest('hex').slice(0, 12) : entry.index;
    const name = join('evidence', `${kind}-${label}`);
    const folder = join(this.folder, name);
    await makeLastingFolders(folder);
    for (const [file, bytes] of Object.entries(evidence)) await replaceFile(join(folder, file), bytes);
    const told = { kind, message, atMs, ...(entry !== undefined && { entry }) };
    await replaceFile(join(folder, 'alarm.json'), Buffer.from(`${JSON.stringify(told, undefined, 2)}\n`));
    return name;
  }

  async keepAlarm(alarm: KeptAlarm): Promise<void> {
    const alarms = [...this.#alarms, alarm];
    await replaceFile(
      join(this.folder, 'alarms.json'),
      Buffer.from(`${JSON.stringify({ version: 1, alarms })}\n`),
    );
    this.#alarms = alarms;
  }
}

function parseAlarms(bytes: Uint8Array, folder: string): KeptAlarm[] {
  try {
    return kept.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).alarms;
  } catch (cause) {
    throw new MonitorError(
      'bad-state',
      `${join(folder, 'alarms.json')}, what was found about this log, is damaged: find out why before you remove it`,
      { cause },
    );
  }
}
