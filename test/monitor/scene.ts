import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Monitor, type MonitorEvent, type MonitorOptions } from '../../src/monitor/index.ts';
import type { Predicate, Statement } from '../../src/statement/index.ts';
import { entriesDue } from '../../src/tally/index.ts';
import { TestLog } from '../client/test-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export const NEVER = new AbortController().signal;

/** A log, and a monitor of it that starts anew as often as the test wants, on one folder. */
export class Scene {
  readonly log: TestLog;
  readonly folder: string;
  readonly events: MonitorEvent[] = [];
  /** How far the monitor's clock is ahead of the machine's. */
  aheadMs = 0;

  private constructor(log: TestLog, folder: string) {
    this.log = log;
    this.folder = folder;
  }

  static async make(t: TestContext, log = new TestLog()): Promise<Scene> {
    const folder = temporaryFolder('monitor');
    await log.serve(t);
    return new Scene(log, folder);
  }

  start(options: Partial<MonitorOptions> = {}): Promise<Monitor> {
    return Monitor.open({
      tally: this.log.url,
      logKey: this.log.vkey,
      folder: this.folder,
      nowMs: () => Date.now() + this.aheadMs,
      tell: (event) => this.events.push(event),
      ...options,
    });
  }

  /** Alarms that were told, and that ended, in order: `fork`, `over freeze`. */
  told(): string[] {
    return this.events.flatMap((event) => {
      if (event.event === 'alarm') return [event.kind];
      return event.event === 'over' ? [`over ${event.kind}`] : [];
    });
  }

  /** The files of the evidence of an alarm that was told. */
  async evidence(kind: string): Promise<ReadonlyMap<string, Buffer>> {
    const event = this.events.find((each) => each.event === 'alarm' && each.kind === kind);
    if (event?.event !== 'alarm') throw new Error(`no ${kind} was told`);
    const names = await readdir(event.evidence);
    const files = await Promise.all(
      names.map(async (name) => [name, await readFile(join(event.evidence, name))] as const),
    );
    return new Map(files);
  }
}

/** Appends what the log owes; of one kind it says something else than it should. */
export function lie<K extends 'open' | 'close' | 'verdict' | 'state'>(
  log: TestLog,
  kind: K,
  change: (predicate: Predicate<K>) => Predicate<K>,
): void {
  for (;;) {
    const due = entriesDue(log.tally, log.nowMs());
    if (due.length === 0) return;
    for (const statement of due) {
      const said = statement.kind === kind ? lied(statement, kind, change) : statement;
      log.append(said, [log.logKey]);
    }
    if (due.some((statement) => statement.kind === kind)) return;
  }
}

function lied<K extends 'open' | 'close' | 'verdict' | 'state'>(
  statement: Statement,
  kind: K,
  change: (predicate: Predicate<K>) => Predicate<K>,
): Statement {
  const predicate = change(statement.predicate as Predicate<K>);
  const sha256 = 'root' in predicate ? predicate.root : statement.subject.sha256;
  return { ...statement, kind, subject: { ...statement.subject, sha256 }, predicate } as Statement;
}
