// What others have a say in: witnesses cosign before a checkpoint is seen, and know heads that a store must hold.
import assert from 'node:assert/strict';
import { cp, readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { type Cosign, encodeLeaf, LogError, nodeHasher } from '../../src/log/index.ts';
import { verifyConsistency, verifyInclusion } from '../../src/merkle/index.ts';
import { formatNote, noteVerifier, openNote, parseNote, parseVkey, signNote } from '../../src/note/index.ts';
import { PrivateKey, verifyEd25519 } from '../../src/statement/index.ts';
import { auditLog, readHead } from './reading.ts';
import { appendText, LogInFolder, logKey, published, refused } from './samples.ts';

const witness = new PrivateKey('witness.example/test', new Uint8Array(32).fill(9));
/** Signs any head, as a second signature on the note. */
const sign: Cosign = async ({ note }) => signNote(parseNote(note).text, [logKey, witness]);
const SECONDS = (count: number): AbortSignal => AbortSignal.timeout(count * 1000);

let place: LogInFolder;
beforeEach(async () => {
  place = await LogInFolder.make();
});
afterEach(() => place.remove());

suite('a checkpoint that witnesses cosign', () => {
  test('is seen when it is cosigned, with their lines, and appends do not wait for it', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: number[] = [];
    const cosign: Cosign = async (head, prove, signal) => {
      seen.push(head.size);
      await gate.promise;
      return sign(head, prove, signal);
    };
    await place.open();
    const log = await place.open({ cosign, checkpointEveryMs: 0 });
    for (let at = 0; at < 20; at += 1) assert.equal((await appendText(log, `entry ${at}`)).index, at);
    assert.equal(log.checkpoint().size, 0, 'nothing is seen before it is cosigned');
    assert.equal(await log.entryBundle(0, 1), undefined);
    gate.resolve();
    const head = await log.whenPublished(20, SECONDS(5));
    openNote(head.note, [noteVerifier(witness.vkey, verifyEd25519)]); // throws unless the witness signed it
    assert.equal(seen.at(-1), 20);
    assert.ok(seen.length <= 3, 'what came meanwhile is asked for at once');
    await auditLog(log);
  });

  test('proves to each witness that it extends what that one saw', async () => {
    let before: { size: number; root: Uint8Array } | undefined;
    let proofs = 0;
    const cosign: Cosign = async (head, prove, signal) => {
      if (before !== undefined && before.size > 0 && before.size < head.size) {
        const proof = await prove(before.size);
        const claim = { oldSize: before.size, oldRoot: before.root, newSize: head.size, newRoot: head.root };
        verifyConsistency({ ...claim, proof }, nodeHasher);
        proofs += 1;
      }
      before = head;
      return sign(head, prove, signal);
    };
    const log = await place.open({ cosign, checkpointEveryMs: 0 });
    for (let round = 1; round <= 5; round += 1) {
      await Promise.all(Array.from({ length: 70 }, (_, at) => appendText(log, `${round} ${at}`)));
      await log.whenPublished(round * 70, SECONDS(5));
    }
    assert.ok(proofs >= 4);
  });

  test('without a quorum leaves the last one published, and is asked for again', async () => {
    const told: unknown[] = [];
    let refusals = 1;
    const cosign: Cosign = async (head, prove, signal) => {
      if (head.size === 2 && refusals-- > 0) throw new Error('too few witnesses');
      return sign(head, prove, signal);
    };
    const log = await place.open({ cosign, onFault: (error) => told.push(error) });
    await appendText(log, 'one');
    await log.whenPublished(1, SECONDS(5));
    await appendText(log, 'two');
    await assert.rejects(log.whenPublished(2, SECONDS(0.5)), { name: 'TimeoutError' });
    assert.equal(log.checkpoint().size, 1);
    await log.whenPublished(2, SECONDS(5));
    assert.match(String(told[0]), /too few witnesses/);
  });

  test('that comes back for another tree is not published', async () => {
    const told: unknown[] = [];
    let first: Uint8Array | undefined;
    const cosign: Cosign = async ({ note }) => {
      first ??= note;
      return first;
    };
    const log = await place.open({ cosign, onFault: (error) => told.push(error) });
    await appendText(log, 'one');
    await assert.rejects(log.whenPublished(1, SECONDS(0.5)), { name: 'TimeoutError' });
    assert.ok(refused('bad-head')(told[0]), String(told[0]));
  });

  test('ends the log when a witness shows what it must have forgotten', async () => {
    const told: unknown[] = [];
    const cosign: Cosign = () => Promise.reject(new LogError('forked-tree', 'a witness has another'));
    const log = await place.open({ cosign, onFault: (error) => told.push(error) });
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(appendText(log, 'one'), refused('forked-tree'));
  });

  test('is asked for again after a restart, and what was published before stays so meanwhile', async () => {
    let log = await place.open({ cosign: sign });
    await appendText(log, 'one');
    await log.whenPublished(1, SECONDS(5));
    const never: Cosign = (_head, _prove, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    log = await place.open({ cosign: never, checkpointEveryMs: 0 });
    await appendText(log, 'two');
    assert.equal(log.checkpoint().size, 1);
    log = await place.open({ cosign: sign });
    assert.ok(log.checkpoint().size >= 1);
    await log.whenPublished(2, SECONDS(5));
    await auditLog(log);
  });
});

suite('heads that others know', () => {
  test('refuse a store that was put back from an older backup, together with its head file', async () => {
    await place.open();
    await logTexts('one', 'two');
    const backup = await place.copyAsItLies();
    await logTexts('three');
    const newest = await readFile(place.head);
    try {
      const newestHeads = async (): Promise<Uint8Array[]> => [newest];
      await assert.rejects(backup.open({ newestHeads }), refused('older-tree', /that others have/));
      await cp(place.database, backup.database);
      assert.equal((await backup.open({ newestHeads })).size, 3);
    } finally {
      await backup.remove();
    }
  });

  test('refuse a store that went another way', async () => {
    await logTexts('one');
    const backup = await place.copyAsItLies();
    await logTexts('two');
    const newest = await readFile(place.head);
    try {
      const log = await backup.open();
      for (const text of ['other', 'more']) await appendText(log, text);
      const newestHeads = async (): Promise<Uint8Array[]> => [newest];
      await assert.rejects(backup.open({ newestHeads }), refused('forked-tree'));
    } finally {
      await backup.remove();
    }
  });

  test('stand in for a head file that is lost, and must carry the key of the log', async () => {
    await logTexts('one', 'two');
    const newest = await readFile(place.head);
    await rm(place.head);
    const other = new PrivateKey(logKey.name, new Uint8Array(32).fill(2));
    const forged = signNote(parseNote(newest).text, [other]);
    await assert.rejects(place.open({ newestHeads: async () => [forged] }), refused('bad-head'));
    await assert.rejects(place.open({ newestHeads: async () => [] }), refused('head-missing'));
    const log = await place.open({ newestHeads: async () => [newest] });
    assert.equal(readHead(await readFile(place.head), logKey.vkey).size, 2);
    assert.equal(log.checkpoint().size, 2);
  });

  test('are not published with what whoever shows them has added', async () => {
    await place.open();
    const unseen = await place.open({
      cosign: () => Promise.reject(new Error('nobody')),
      onFault: () => undefined,
    });
    await appendText(unseen, 'one');
    await place.close();
    const { text, signatures } = parseNote(await readFile(place.head));
    const { name, keyId } = parseVkey(witness.vkey);
    const forged = { name, keyId, signature: new Uint8Array(64) };
    const shown = formatNote({ text, signatures: [...signatures, forged] });
    await rm(place.head);
    const cosign: Cosign = async (head) => {
      const lines = parseNote(signNote(text, [witness])).signatures;
      return formatNote({ text, signatures: [...parseNote(head.note).signatures, ...lines] });
    };
    const log = await place.open({ newestHeads: async () => [shown], cosign });
    const end = performance.now() + 5000;
    while (parseNote(log.checkpoint().note).signatures.length < 2) {
      assert.ok(performance.now() < end, 'no cosigned checkpoint');
      await new Promise((resolve) => setImmediate(resolve));
    }
    openNote(log.checkpoint().note, [noteVerifier(witness.vkey, verifyEd25519)]); // throws where a line is forged
    assert.equal(parseNote(await readFile(place.head)).signatures.length, 1);
  });

  test('that nobody can be asked for stop the start', async () => {
    await logTexts('one');
    const newestHeads = (): Promise<never> => Promise.reject(new Error('no witness answers'));
    await assert.rejects(place.open({ newestHeads }), /no witness answers/);
  });
});

suite('inclusion', () => {
  test('is proved in any published head, and refused for what that does not hold', async () => {
    const log = await place.open();
    const receipts = await Promise.all(Array.from({ length: 300 }, (_, at) => appendText(log, `${at}`)));
    await published(log, 300);
    const head = log.checkpoint();
    for (const { index, timeMs, leafHash } of receipts.filter((_, at) => at % 37 === 0)) {
      const proof = await log.proveInclusion(index, head);
      verifyInclusion({ index, size: head.size, leafHash, root: head.root, proof }, nodeHasher);
      assert.equal(timeMs, receipts[index]?.timeMs);
      const leaf = encodeLeaf({ timeMs, envelope: Buffer.from(`${index}`) });
      assert.deepEqual(Buffer.from(nodeHasher.leaf(leaf)), Buffer.from(leafHash));
    }
    await assert.rejects(log.proveInclusion(300, head), { code: 'bad-range' });
  });

  test('that is waited for comes with the checkpoint, or ends with the signal', async () => {
    const log = await place.open({ checkpointEveryMs: 200 });
    await appendText(log, 'one');
    await published(log, 1);
    const { index } = await appendText(log, 'two');
    assert.equal((await log.whenPublished(index + 1, SECONDS(5))).size, 2);
    assert.equal((await log.whenPublished(1, SECONDS(5))).size, 2);
    await assert.rejects(log.whenPublished(9, SECONDS(0.05)), { name: 'TimeoutError' });
    await assert.rejects(log.whenPublished(9, AbortSignal.abort(new Error('gone'))), /gone/);
  });
});

async function logTexts(...texts: string[]): Promise<void> {
  const log = await place.open();
  for (const text of texts) await appendText(log, text);
  await place.close();
}
