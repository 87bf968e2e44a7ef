import assert from 'node:assert/strict';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { generateKey } from '../../src/statement/index.ts';
import { parseCosigner } from '../../src/witness/cosigner.ts';
import { generateCosigner, readCosignerFile, writeCosignerFile } from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

for (const algorithm of ['ed25519', 'ml-dsa-44'] as const) {
  test(`a key file of ${algorithm} is its owner's alone, is never overwritten, and gives the same key`, async () => {
    const path = join(temporaryFolder('witness'), 'witness.key');
    const made = generateCosigner('w.example/w1', algorithm);
    await writeCosignerFile(path, made);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await readCosignerFile(path)).vkey, made.vkey);
    await assert.rejects(writeCosignerFile(path, made), { code: 'key-file-exists' });
    await chmod(path, 0o640);
    await assert.rejects(readCosignerFile(path), /chmod 600/);
  });

  test(`the seed of ${algorithm} is not shown`, () => {
    const made = generateCosigner('w', algorithm);
    const secret = made.secretText().trim().split('+').slice(4).join('+');
    assert.ok(secret.length === 44 && !inspect(made, { depth: 5, showHidden: true }).includes(secret));
    assert.ok(!JSON.stringify(made).includes(secret));
  });
}

test('other keys, changed names and other bytes are refused without repeating what they hold', async () => {
  const made = generateCosigner('w.example/w1', 'ed25519').secretText();
  const texts = [
    '',
    'PRIVATE+KEY+w',
    generateKey('w').secretText(),
    made.replace('w.example/w1', 'w.example/w2'),
    made.replace(/.{3}\n$/, '!!!\n'),
    `${made}\n`,
    made.replace('w.example/w1', 'a b'),
  ];
  for (const text of texts) {
    assert.throws(
      () => parseCosigner(text),
      (error: Error & { code?: string }) => {
        const secret = text.slice(-20).trim();
        return error.code === 'bad-key' && (secret === '' || !error.message.includes(secret));
      },
      text,
    );
  }
  const folder = temporaryFolder('witness');
  await assert.rejects(readFile(join(folder, 'none')), { code: 'ENOENT' });
  await assert.rejects(readCosignerFile(folder), { code: 'bad-key' });
});
