import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, addressGroup, addressText } from '../../src/service/address.ts';
import { loggedPath } from '../../src/service/http/logged-path.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { RateLimiter } from '../../src/service/rate-limit.ts';

test('an address is counted by its /32 or /64, however it is written', () => {
  const group = (text: string): string => addressGroup(addressBytes(text));
  assert.equal(group('::ffff:10.1.2.3'), group('10.1.2.3'));
  assert.equal(group('2001:db8::1'), group('2001:db8:0:0:ffff::9'));
  assert.notEqual(group('2001:db8::1'), group('2001:db8:0:1::1'));
  assert.equal(addressText(addressBytes('fe80::1%eth0')), 'fe80:0:0:0:0:0:0:1');
  assert.equal(addressText(addressBytes('::ffff:a01:203')), '10.1.2.3');
  assert.throws(() => addressBytes('nowhere'), { code: 'internal' });
});

test('a bucket empties, fills with time and never beyond its burst; a clock that goes back fills nothing', () => {
  const rates = { ...SERVICE_LIMITS.rates, read: { burst: 2, perSecond: 1 } };
  const limiter = new RateLimiter(rates, 10);
  const take = (ms: number): number => limiter.take('a', 'read', ms);
  assert.deepEqual([take(0), take(0), take(0)], [0, 0, 1]);
  assert.equal(take(1000), 0);
  assert.deepEqual([take(100_000), take(100_000), take(100_000)], [0, 0, 1]);
  assert.equal(take(0), 1);
  assert.equal(limiter.take('a', 'entry', 0), 0, 'classes are counted apart');
});

test('only so many addresses are remembered', () => {
  const limiter = new RateLimiter(SERVICE_LIMITS.rates, 10);
  for (let at = 0; at < 1000; at += 1) limiter.take(`${at}`, 'read', 0);
  assert.equal(limiter.size, 10);
});

test('a logged path has neither query nor token', () => {
  const token = 'x'.repeat(43);
  for (const url of [
    `/announce/${token}`,
    `/announce/${token}/?a=${token}`,
    `//announce//${token}?`,
    `/ANNOUNCE/${token}#`,
    `/%61nnounce/${token}`,
    `/${token}/more`,
  ]) {
    assert.doesNotMatch(loggedPath(url), /x{3}/, url);
  }
  assert.equal(loggedPath('/api/v1/releases?package=a'), '/api/v1/releases');
});
