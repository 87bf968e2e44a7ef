import { InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

/** `--log-level`, of the commands that run until they are stopped. */
export function logLevelOption(): Option {
  return new Option('--log-level <level>', `what goes to standard error: ${LOG_LEVELS.join(', ')}`)
    .argParser(parseLevel)
    .default('warn');
}

/** The logger of such a command: JSON lines on standard error. */
export async function loggerOf(level: string): Promise<Logger> {
  // Loaded here, so that the other commands start without it.
  const { pino } = await import('pino');
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}

function parseLevel(text: string): string {
  if (LOG_LEVELS.some((level) => level === text)) return text;
  throw new InvalidArgumentError(`give one of ${LOG_LEVELS.join(', ')}`);
}
