import { UsageError } from './exit-code.ts';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  ki: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
};

const HELP =
  'give bytes a second, such as 500k, 2M or 1.5MiB (k, M and G count in 1024s, kB, MB and GB in 1000s), or 0 for no limit';

/**
 * Reads a rate in bytes a second: `500k`, `2M`, `1.5MiB/s`, `800kB`; `0` is no limit. Throws a {@link UsageError} that
 * names the option.
 */
export function parseRate(option: string, text: string): number {
  const trimmed = text.trim();
  const what = `${option} ${JSON.stringify(text)}`;
  if (/(bits?|bps)(\/s)?$/i.test(trimmed)) throw new UsageError(`${what} counts in bits: ${HELP}`);
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)(?:\/s)?$/i.exec(trimmed) ?? [];
  const factor = unit === undefined ? undefined : FACTORS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) throw new UsageError(`${what} is no rate: ${HELP}`);
  const rate = Math.round(Number(digits) * factor);
  if (rate === 0 && Number(digits) > 0) throw new UsageError(`${what} is less than a byte a second: ${HELP}`);
  if (!Number.isSafeInteger(rate)) throw new UsageError(`${what} is too much: ${HELP}`);
  return rate;
}

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600 };

/** Reads a length of time in seconds: `30`, `30s`, `5m`, `1h`. Throws a {@link UsageError} that names the option. */
export function parseDuration(option: string, text: string): number {
  const [, digits, unit] = /^(\d{1,9})\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : SECONDS[unit.toLowerCase()];
  const seconds = Number(digits) * (factor ?? Number.NaN);
  if (seconds > 0 && seconds * 1000 < 2 ** 31) return seconds;
  throw new UsageError(
    `${option} ${JSON.stringify(text)} is no length of time: give 30s, 5m or 2h, at most 500h`,
  );
}
