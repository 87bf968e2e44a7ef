import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { fromHex, toHex, toUtf8 } from '../../src/bytes/index.ts';
import { generateKey, verifyEd25519 } from '../../src/statement/index.ts';
import { nativeVerifier } from '../../web/src/check/ed25519.ts';
import { verifyPortably } from '../../web/src/check/ed25519-portable.ts';
import { type Ed25519Vector, edgePoints, wycheproof } from '../statement/ed25519-vectors.ts';
import { needs } from '../support/needs.ts';
import { launchBrowser, openPage } from './support/browser.ts';

const cases: readonly Ed25519Vector[] = [...wycheproof(), ...edgePoints(), ...oneBitAway()];

/** A good signature, and it with each bit of key and signature changed. */
function oneBitAway(): Ed25519Vector[] {
  const signer = generateKey('bits');
  const message = toUtf8('a release');
  const parts = Buffer.concat([fromHex(signer.key), signer.sign(message)]);
  const changed = Array.from({ length: parts.length * 8 }, (_, bit) => {
    const copy = Buffer.from(parts);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  });
  return [parts, ...changed].map((bytes, at) => ({
    key: toHex(bytes.subarray(0, 32)),
    message: toHex(message),
    signature: toHex(bytes.subarray(32)),
    good: at === 0,
    note: 'one bit',
  }));
}

const byNode = cases.map(({ key, message, signature }) =>
  verifyEd25519(fromHex(key), fromHex(message), fromHex(signature)),
);

it('Node follows the rule: what others published, and one bit away from a good signature', () => {
  assert.equal(cases.length, 914 + 151 + 1 + 768);
  for (const [at, { note, signature, good }] of cases.entries()) {
    assert.equal(byNode[at], good, `${note}: ${signature}`);
  }
});

it('the library and Node’s WebCrypto agree with Node’s OpenSSL', async () => {
  const native = (await nativeVerifier()) ?? assert.fail();
  for (const [at, { key, message, signature }] of cases.entries()) {
    const given = [fromHex(key), fromHex(message), fromHex(signature)] as const;
    assert.equal(verifyPortably(...given), byNode[at], `${key} ${signature}`);
    assert.equal(await native(...given), byNode[at], `${key} ${signature}`);
  }
});

describe('in Chromium', { skip: needs('chromium') }, () => {
  let browser: Browser;
  let script: string;
  before(async () => {
    browser = await launchBrowser();
    const entry = new URL('support/ed25519-entry.ts', import.meta.url).pathname;
    const built = (await build({
      configFile: false,
      logLevel: 'silent',
      build: { write: false, lib: { entry, formats: ['iife'], name: 'rule' } },
    })) as Rolldown.RolldownOutput[];
    script = built[0]?.output[0].code ?? '';
  });
  after(() => browser.close());

  for (const [where, host, hasNative] of [
    ['on localhost', '127.0.0.1', true],
    ['over plain http, without WebCrypto', 'tally.test', false],
  ] as const) {
    it(`all that Node says is said ${where}`, async () => {
      const server = createServer((_request, response) => response.end('<!doctype html><title>rule</title>'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        await using watched = await openPage(browser);
        await watched.page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
        await watched.page.addScriptTag({ content: script });
        const { native, portable } = await watched.page.evaluate(verifyAll, cases);
        assert.deepEqual(portable, byNode);
        assert.deepEqual(native, hasNative ? byNode : undefined);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });
  }
});

/** Runs in the page. */
async function verifyAll(all: readonly Ed25519Vector[]) {
  const { rule } = globalThis as unknown as {
    rule: { nativeVerifier: typeof nativeVerifier; verifyPortably: typeof verifyPortably };
  };
  const bytesOf = (hex: string) =>
    Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const given = all.map(
    ({ key, message, signature }) => [bytesOf(key), bytesOf(message), bytesOf(signature)] as const,
  );
  const verify = await rule.nativeVerifier();
  return {
    native: verify && (await Promise.all(given.map((each) => verify(...each)))),
    portable: given.map((each) => rule.verifyPortably(...each)),
  };
}
