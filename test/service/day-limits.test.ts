// What strangers may bring into a log in one day, by a clock of the test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, networkPrefix } from '../../src/service/address.ts';
import { DayQuotas } from '../../src/service/day-quotas.ts';
import type { ServiceError } from '../../src/service/errors.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey } from '../../src/statement/index.ts';
import { ManualClock } from './manual-clock.ts';
import { builderEntry, makeCast, post, releaseEntry, runTally } from './tally-fixture.ts';

const LIMITS = {
  entriesPerStanding: 5,
  entriesPerKey: 3,
  entriesPerPrefix: 6,
  newBuildersPerPrefix: 4,
  entriesInAll: 10,
};
/** 2026-11-22, six hours before midnight (UTC). */
const EVENING = Date.UTC(2026, 10, 22, 18);
const HOUR_MS = 3_600_000;

const refusedUntilMidnight =
  (seconds: number, what: RegExp) =>
  (error: unknown): boolean => {
    const { code, message, retryAfterSeconds } = error as ServiceError;
    assert.deepEqual([code, retryAfterSeconds], ['too-many-requests', seconds]);
    assert.match(message, what);
    return true;
  };

test('a network is an IPv4 /24 or an IPv6 /48, however its addresses are written', () => {
  const prefix = (text: string): string => networkPrefix(addressBytes(text));
  assert.equal(prefix('203.0.113.1'), prefix('::ffff:203.0.113.254'));
  assert.notEqual(prefix('203.0.113.1'), prefix('203.0.114.1'));
  assert.equal(prefix('2001:db8:1:2::3'), prefix('2001:db8:1:ffff:ffff::'));
  assert.notEqual(prefix('2001:db8:1::'), prefix('2001:db8:2::'));
});

test('a key, a network and all of them together have so many entries until midnight', () => {
  const quotas = new DayQuotas(LIMITS);
  const take = (key: string, prefix: string, nowMs = EVENING, isNewBuilder = false): (() => void) =>
    quotas.take({ key, prefix, isNewBuilder }, nowMs);
  for (const prefix of ['a', 'b', 'c']) take('one', prefix);
  assert.throws(() => take('one', 'd'), refusedUntilMidnight(6 * 3600, /3 entries of this key a day/));
  for (let at = 0; at < 5; at += 1) take(`other ${at}`, 'a');
  assert.throws(
    () => take('next', 'a', EVENING + HOUR_MS),
    refusedUntilMidnight(5 * 3600, /6 entries of your network/),
  );
  take('next', 'e');
  take('next', 'f');
  assert.throws(() => take('last', 'g'), refusedUntilMidnight(6 * 3600, /10 entries of all keys/));
  assert.ok(quotas.size <= 3 * LIMITS.entriesInAll);
  take('one', 'a', EVENING + 6 * HOUR_MS);
  assert.equal(quotas.size, 2, 'yesterday is forgotten');
  take('one', 'a', EVENING);
  take('one', 'a', EVENING);
  assert.throws(
    () => take('one', 'a', EVENING),
    { code: 'too-many-requests' },
    'a clock that goes back begins nothing',
  );
});

test('a network may register so many new builders, and what came to nothing is given back', () => {
  const quotas = new DayQuotas(LIMITS);
  const register = (key: string): (() => void) =>
    quotas.take({ key, prefix: 'a', isNewBuilder: true }, EVENING);
  const places = ['a', 'b', 'c', 'd'].map(register);
  assert.throws(() => register('e'), refusedUntilMidnight(6 * 3600, /4 new builders of your network/));
  quotas.take({ key: 'e', prefix: 'a', isNewBuilder: false }, EVENING);
  places[0]?.();
  register('e');
  assert.throws(() => register('f'), { code: 'too-many-requests' });
  const before = quotas.size;
  const late = quotas.take({ key: 'x', prefix: 'z', isNewBuilder: false }, EVENING + 24 * HOUR_MS);
  places[1]?.();
  assert.equal(quotas.size, 2, `a place of yesterday is given back to nobody (there were ${before})`);
  late();
  assert.equal(quotas.size, 0);
});

test('a key with standing has a larger share, and an end to it as well', () => {
  const quotas = new DayQuotas(LIMITS);
  const places = Array.from({ length: 5 }, () => quotas.takeStanding('publisher', EVENING));
  assert.throws(
    () => quotas.takeStanding('publisher', EVENING),
    refusedUntilMidnight(6 * 3600, /^Of one key the log takes 5 entries a day/),
  );
  quotas.takeStanding('founder', EVENING);
  places[0]?.();
  quotas.takeStanding('publisher', EVENING);
  for (const prefix of ['a', 'b', 'c']) {
    for (const key of ['x', 'y', 'z'])
      quotas.take({ key: `${key}${prefix}`, prefix, isNewBuilder: false }, EVENING);
  }
  quotas.take({ key: 'last', prefix: 'd', isNewBuilder: false }, EVENING);
  assert.throws(
    () => quotas.take({ key: 'more', prefix: 'e', isNewBuilder: false }, EVENING),
    /10 entries of all keys/,
  );
});

test('a tally refuses a flood of strangers with 429 until midnight; those with standing go on', async (t) => {
  const cast = makeCast();
  const days = { ...LIMITS, newBuildersPerPrefix: 3 };
  const tomorrow = (Math.floor(Date.now() / (24 * HOUR_MS)) + 2) * 24 * HOUR_MS;
  const clock = new ManualClock(tomorrow - 120_000);
  const tally = await runTally(t, cast, { limits: { ...SERVICE_LIMITS, days }, clock });
  const strangers = Array.from({ length: 4 }, (_, at) => generateKey(`stranger-${at}`));
  const at = (): number => clock.nowMs();
  const register = (key: (typeof strangers)[0]) =>
    post(tally, builderEntry(key, tally.origin, key.name, at()));
  for (const key of strangers.slice(0, 3)) assert.equal((await register(key)).status, 201);
  const entry = builderEntry(strangers[3] as (typeof strangers)[0], tally.origin, 'late', at());
  const refused = await post(tally, entry);
  assert.deepEqual([refused.status, refused.body['code']], [429, 'too-many-requests']);
  assert.equal(refused.headers.get('content-type'), 'application/problem+json');
  assert.equal(refused.headers.get('retry-after'), '120');
  for (const founder of cast.founders) assert.equal((await register(founder)).status, 201);
  assert.equal((await post(tally, releaseEntry(cast.publisher, tally.origin, { timeMs: at() }))).status, 201);
  assert.equal(
    (await register(strangers[0] as (typeof strangers)[0])).status,
    200,
    'what is there costs nothing',
  );
  const [founder = assert.fail()] = cast.founders;
  const again = (number: number) =>
    post(tally, builderEntry(founder, tally.origin, `founder ${number}`, at()));
  for (let number = 0; number < 4; number += 1) assert.equal((await again(number)).status, 201);
  const flood = await again(4);
  assert.deepEqual(
    [flood.status, flood.body['code']],
    [429, 'too-many-requests'],
    'a stolen key of standing',
  );
  clock.advance(121);
  assert.equal((await post(tally, entry)).status, 201);
  assert.equal((await again(4)).status, 201);
});
