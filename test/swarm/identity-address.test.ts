// What a seeder takes for its own address: what it was told, and what a connection came in at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnAddress } from '../../src/swarm/extensions/own-address.ts';
import { mappedAddress } from '../../src/wire/index.ts';

const PORT = 6881;

function isOwn(dialled: string, local: string, remote: string, declared: readonly string[] = []): boolean {
  return isOwnAddress(
    { address: mappedAddress(dialled) as Uint8Array, port: PORT },
    { local: { host: local, port: PORT }, remote: { host: remote, port: 50_000 } },
    declared.map((host) => ({ host, port: PORT })),
  );
}

test('the address that a connection came in at is our own, another is not', () => {
  assert.ok(isOwn('203.0.113.5', '203.0.113.5', '198.51.100.7'));
  assert.ok(isOwn('::ffff:203.0.113.5', '203.0.113.5', '198.51.100.7'), 'a mapped address is the same one');
  assert.ok(isOwn('2001:db8::5', '2001:db8:0::5', '2001:db8:7::1'));
  assert.ok(isOwn('fe80::5', 'fe80::5%eth0', 'fe80::7%eth0'), 'a zone has a meaning on one machine only');
  assert.ok(!isOwn('203.0.113.6', '203.0.113.5', '198.51.100.7'));
  assert.ok(!isOwn('2001:db8::6', '2001:db8::5', '2001:db8:7::1'));
});

test('another port of our own address is another program', () => {
  const address = mappedAddress('203.0.113.5') as Uint8Array;
  const local = { host: '203.0.113.5', port: PORT };
  const remote = { host: '198.51.100.7', port: 50_000 };
  assert.ok(isOwnAddress({ address, port: PORT }, { local, remote }, []));
  assert.ok(!isOwnAddress({ address, port: PORT + 1 }, { local, remote }, []));
  assert.ok(isOwnAddress({ address, port: PORT + 1 }, { local, remote }, [{ ...local, port: PORT + 1 }]));
});

test('a private address is our own only for who is in a private network as well', () => {
  for (const [local, near, far] of [
    ['192.168.1.2', '192.168.1.9', '198.51.100.7'],
    ['10.0.0.2', '172.16.5.5', '198.51.100.7'],
    ['100.64.3.2', '100.64.9.9', '192.168.1.9'],
    ['169.254.3.2', '169.254.9.9', '192.168.1.9'],
    ['127.0.0.1', '127.0.0.1', '192.168.1.9'],
    ['fd00::2', 'fd00::9', '2001:db8::1'],
    ['::1', '::1', '2001:db8::1'],
    ['fec0::2', 'fec0::9', '2001:db8::1'],
    ['198.18.3.2', '198.19.9.9', '198.51.100.7'],
    ['192.0.0.2', '192.0.0.9', '198.51.100.7'],
    ['64:ff9b:1::2', '64:ff9b:1::9', '2001:db8::1'],
  ] as const) {
    assert.ok(isOwn(local, local, near), `${local} from ${near}`);
    assert.ok(!isOwn(local, local, far), `${local} from ${far}: somebody there may mean another machine`);
    assert.ok(isOwn(local, local, far, [local]), `${local} was declared`);
  }
});

test('an address that was declared is our own wherever a connection came in; names are none', () => {
  assert.ok(isOwn('203.0.113.5', '192.168.1.2', '198.51.100.7', ['203.0.113.5']));
  assert.ok(!isOwn('203.0.113.6', '192.168.1.2', '198.51.100.7', ['203.0.113.5']));
  assert.ok(!isOwn('203.0.113.5', '192.168.1.2', '198.51.100.7', ['builder.example']));
});
