// What strangers may cost: each address and all together, an IPv6 /64 as one address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrangersBudget } from '../../src/swarm/rates/strangers-budget.ts';

const ALLOWANCE = { each: { burst: 3, perSecond: 2 }, all: { burst: 100, perSecond: 1 }, hosts: 3 };

function spent(budget: StrangersBudget, ...hosts: readonly string[]): readonly boolean[] {
  return hosts.map((host) => budget.spend(host));
}

test('the addresses of one IPv6 /64 have one allowance, a mapped IPv4 address has that of IPv4', () => {
  const budget = new StrangersBudget(ALLOWANCE, () => 0);
  assert.deepEqual(spent(budget, '2001:db8::1', '2001:db8::2', '2001:db8::ffff:3%eth0', '2001:db8::4'), [
    true,
    true,
    true,
    false,
  ]);
  assert.deepEqual(spent(budget, '2001:db8:0:1::1'), [true], 'another /64');
  assert.deepEqual(spent(budget, '10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1', '::ffff:a00:1'), [
    true,
    true,
    true,
    false,
  ]);
});

test('an allowance fills with time and never beyond its burst', () => {
  let now = 0;
  const budget = new StrangersBudget(ALLOWANCE, () => now);
  const four = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1'];
  assert.deepEqual(spent(budget, ...four), [true, true, true, false]);
  now = 500;
  assert.deepEqual(spent(budget, '10.0.0.1', '10.0.0.1'), [true, false]);
  now = 3_600_000;
  assert.deepEqual(spent(budget, ...four), [true, true, true, false]);
});

test('all together have an allowance, and only so many addresses are remembered', () => {
  const budget = new StrangersBudget({ ...ALLOWANCE, all: { burst: 7, perSecond: 1 } }, () => 0);
  assert.deepEqual(spent(budget, '10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1'), [true, true, true, false]);
  assert.deepEqual(spent(budget, '10.0.0.2', '10.0.0.3', '10.0.0.4'), [true, true, true]);
  assert.deepEqual(
    spent(budget, '10.0.0.1', '10.0.0.1'),
    [true, false],
    'it was forgotten; then all had theirs',
  );
});
