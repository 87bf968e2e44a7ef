import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { clusterOfPrefix } from '../../src/statement/index.ts';

test('a prefix lies in the cluster of its /24 or /32', () => {
  for (const [prefix, cluster] of [
    ['192.0.2.0/24', 'v4:c00002'],
    ['192.0.2.128/25', 'v4:c00002'],
    ['127.0.7.1/32', 'v4:7f0007'],
    ['2001:db8::/32', 'v6:20010db8'],
    ['2001:db8:1::/48', 'v6:20010db8'],
    ['2001:db8::1/128', 'v6:20010db8'],
    ['::1/128', 'v6:00000000'],
    ['2001:db8:0:1:2:3:4:5/128', 'v6:20010db8'],
  ] as const) {
    assert.equal(clusterOfPrefix(prefix), cluster, prefix);
  }
});

for (const prefix of [
  '',
  '192.0.2.0',
  '192.0.2.0/',
  '192.0.2.0/24/24',
  '192.0.2.0/024',
  '192.0.2.0/33',
  '192.0.2.0/23',
  '192.0.2.1/24',
  '192.0.2.256/32',
  '192.0.02.0/24',
  '0x7f.0.0.1/32',
  '192.0.2/24',
  '2001:db8::/31',
  '2001:DB8::/32',
  '2001:0db8::/32',
  '2001:db8::1/64',
  '2001:db8::1::/64',
  '2001:db8:::/64',
  '1:2:3:4:5:6:7/128',
  '1:2:3:4:5:6:7:8:9/128',
  '::ffff:192.0.2.1/128',
  '2001:db8::/129',
  'fe80::1%eth0/128',
]) {
  test(`refused: ${JSON.stringify(prefix)}`, () => {
    assert.throws(() => clusterOfPrefix(prefix), { code: 'bad-prefix' });
  });
}

test('only addresses that Node knows too are taken', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.ok(isIPv6(address));
      try {
        assert.match(clusterOfPrefix(`${address}/128`), /^v6:[0-9a-f]{8}$/);
      } catch (error) {
        // Forms that are not canonical (leading zeros, upper case, dotted tails, :: for one group) are refused.
        assert.match(address, /(?:^|:)0[0-9a-fA-F]|[A-F.]|::/);
        assert.equal((error as { code?: string }).code, 'bad-prefix');
      }
    }),
  );
});
