import { groupDigits } from './text.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `512 bytes`, `236 KiB`, `1.2 GiB`: binary units, as the command line gives them. */
export function formatBytes(sizeBytes: number): string {
  if (!Number.isFinite(sizeBytes) || sizeBytes < 0) return 'unknown size';
  if (sizeBytes < 1024) return sizeBytes === 1 ? '1 byte' : `${sizeBytes} bytes`;
  let value = sizeBytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, '')} ${UNITS[unit]}`;
}

/** `241,318 bytes`. */
export function exactBytes(sizeBytes: number): string {
  return `${groupDigits(sizeBytes)} ${sizeBytes === 1 ? 'byte' : 'bytes'}`;
}

/** A length of time in its two largest units: `2 d 3 h`, `4 min 10 s`, `12 s`. Rounds up, so that 0 s is over. */
export function formatDuration(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / SECOND) * SECOND);
  const units: [string, number, number][] = [
    ['d', DAY, HOUR],
    ['h', HOUR, MINUTE],
    ['min', MINUTE, SECOND],
  ];
  const smaller = ['h', 'min', 's'];
  for (const [index, [name, size, next]] of units.entries()) {
    if (left < size) continue;
    const rest = Math.floor((left % size) / next);
    const whole = `${Math.floor(left / size)} ${name}`;
    return rest === 0 ? whole : `${whole} ${rest} ${smaller[index]}`;
  }
  return `${left / SECOND} s`;
}

/** `22 Nov 2026, 13:54:30 UTC`. The log counts in UTC, and so does its page: everybody reads the same. */
export function formatTime(timeMs: number): string {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return 'an impossible time';
  const text = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZone: 'UTC',
  }).format(time);
  return `${text} UTC`;
}

/** `just now`, `5 min ago`, `3 d ago`. */
export function formatAgo(milliseconds: number): string {
  if (milliseconds < 5 * SECOND) return 'just now';
  const [whole, unit] = formatDuration(milliseconds).split(' ');
  return `${whole} ${unit} ago`;
}
