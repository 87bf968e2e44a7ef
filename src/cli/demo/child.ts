import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CodedError, printable } from '../../bytes/index.ts';

/** How long a process gets to end by itself before it is killed, in milliseconds. */
const GRACE_MS = 5_000;
const LONGEST_WORDS = 500;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A process of the demonstration ended, or said nothing sensible, when it should not have. */
export class DemoError extends CodedError<'child-failed' | 'demo-failed'> {}

export interface ChildOptions {
  /** Names the process in messages and its log file. */
  readonly name: string;
  /** A script below the checkout, then its arguments. */
  readonly command: readonly [script: string, ...args: string[]];
  readonly logFolder: string;
  /** Called with each JSON line of its standard output. */
  readonly onLine?: (line: unknown) => void;
}

/** A process of our own, ended by id and never left behind. */
export interface Child {
  readonly name: string;
  readonly logFile: string;
  /** The last line that it wrote to standard error. */
  readonly lastWords: () => string;
  /** Settles when the process has ended, with its exit code (or -1 after a signal). */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** Starts a script of this checkout as a process; its words go to a log file of its own. */
export function startChild(options: ChildOptions): Child {
  const [script, ...args] = options.command;
  const logFile = join(options.logFolder, `${options.name}.log`);
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, script), ...args],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...compileCache(), BITQUORUM_CHILD: '1' } },
  );
  child.stderr.pipe(log);
  let lastWords = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastWords = printable(line.slice(0, LONGEST_WORDS));
  });
  child.stdin.on('error', () => undefined); // the pipe only tells the child that we are alive
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (log.writable) log.write(`${line}\n`);
    const value = parseLine(line);
    if (value !== undefined) options.onLine?.(value);
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  ended.catch(() => undefined); // whoever awaits it hears of it; nobody else needs to
  return {
    name: options.name,
    logFile,
    lastWords: () => lastWords,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

/** Rejects when one of the children ends before `work` is done, naming the file that holds its last words. */
export async function whileRunning<Value>(children: readonly Child[], work: Promise<Value>): Promise<Value> {
  const endings = children.map(async ({ name, ended, logFile, lastWords }): Promise<never> => {
    const code = await ended;
    throw new DemoError('child-failed', `${name} ${endingWords(code, lastWords())} (see ${logFile})`);
  });
  for (const ending of endings) ending.catch(() => undefined); // when `work` wins nobody waits for them
  return Promise.race([work, ...endings]);
}

/** Resolves when `signal` is aborted; rejects when one of the children ends before. */
export async function untilAborted(children: readonly Child[], signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await whileRunning(children, once(signal, 'abort'));
}

/** How a process ended, and what it said last. */
export function endingWords(code: number, lastWords: string): string {
  const how = code === -1 ? 'was ended by a signal' : `ended with exit code ${code}`;
  return lastWords === '' ? how : `${how}: ${lastWords}`;
}

/** The children read the compiled program that this process keeps, if it keeps one. */
function compileCache(): NodeJS.ProcessEnv {
  const folder = module.getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // not a JSON line: it stands in the log file
  }
}
