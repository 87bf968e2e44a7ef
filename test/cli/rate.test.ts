import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseRate } from '../../src/cli/rate.ts';

test('rates are read with their units', () => {
  const cases: readonly (readonly [text: string, rate: number])[] = [
    ['0', 0],
    ['12345', 12_345],
    ['500k', 512_000],
    ['500K', 512_000],
    ['2M', 2_097_152],
    ['1.5MiB', 1_572_864],
    ['1.5 MiB/s', 1_572_864],
    ['800kB', 800_000],
    ['2MB/s', 2_000_000],
    ['1g', 1_073_741_824],
    ['100B', 100],
    [' 64Ki ', 65_536],
  ];
  for (const [text, rate] of cases) assert.equal(parseRate('--limit-up', text), rate, text);
});

test('what is no rate is refused with what to write', () => {
  const wrong = [
    '',
    'fast',
    '-5',
    '1e6',
    '5x',
    '1.5.5M',
    '0x10',
    '1,5M',
    '9999999G',
    '0.0001',
    'NaN',
    'Infinity',
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseRate('--limit-up', text),
      (error: Error & { code?: string }) =>
        error.code === 'usage' &&
        error.message.startsWith(`--limit-up ${JSON.stringify(text)}`) &&
        /500k/.test(error.message),
      text,
    );
  }
  for (const text of ['10Mbit', '10Mbit/s', '5mbps']) {
    assert.throws(() => parseRate('--limit-down', text), /counts in bits/, text);
  }
});

test('lengths of time are read with their units', () => {
  for (const [text, seconds] of [
    ['30', 30],
    ['30s', 30],
    ['5m', 300],
    ['5min', 300],
    ['2h', 7200],
  ] as const) {
    assert.equal(parseDuration('--timeout', text), seconds);
  }
  for (const text of ['', '0', '-1', '5d', '1.5h', 'soon', '1000h']) {
    assert.throws(
      () => parseDuration('--timeout', text),
      { code: 'usage', message: /give 30s, 5m or 2h/ },
      text,
    );
  }
});
