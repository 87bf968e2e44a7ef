import assert from 'node:assert/strict';
import { toHex } from '../../src/bytes/index.ts';
import { encodeLeaf, type Log, nodeHasher } from '../../src/log/index.ts';
import { GrowingTree } from '../../src/merkle/index.ts';
import { type ReadHead, readHead } from '../log/reading.ts';
import { logKey } from '../log/samples.ts';

/** What one life of the writing process reported before its end. */
export interface WriterReport {
  readonly isReady: boolean;
  readonly acks: readonly { index: number; leafHash: string }[];
  readonly heads: readonly ReadHead[];
  readonly errors: readonly string[];
}

/** Reads a writer's output; a last line that was cut off by its death is no report. */
export function parseReport(output: string): WriterReport {
  const lines = output.split('\n').slice(0, -1);
  const words = lines.map((line) => line.split(' '));
  return {
    isReady: lines.includes('ready'),
    acks: words
      .filter(([kind]) => kind === 'ack')
      .map(([, index, timeMs, leafHash, text]) => {
        const leaf = encodeLeaf({ timeMs: Number(timeMs), envelope: Buffer.from(text ?? '') });
        assert.equal(leafHash, toHex(nodeHasher.leaf(leaf)), `the ack of entry ${index} is of what was sent`);
        return { index: Number(index), leafHash: leafHash ?? '' };
      }),
    heads: words
      .filter(([kind]) => kind === 'head')
      .map(([, note]) => readHead(Buffer.from(note ?? '', 'base64'), logKey.vkey)),
    errors: lines.filter((line) => line.startsWith('error ')),
  };
}

/** Everything a log was seen to promise over many lives of its process, held against what it is now. */
export class WriterHistory {
  readonly leafHashes: string[] = [];
  readonly #tree = new GrowingTree(nodeHasher);
  #timeMs = 0;

  /** Reads what is new in the log and checks all that the last life reported. Throws where a promise is broken. */
  async check(log: Log, report: WriterReport): Promise<void> {
    const heads = [...report.heads, readHead(log.checkpoint().note, logKey.vkey)].sort(
      (left, right) => left.size - right.size,
    );
    for (const { size } of heads) {
      assert.ok(
        size >= this.#tree.size,
        `the log shrank: from ${this.#tree.size} entries to a head of ${size}`,
      );
    }
    let met = 0;
    const meetHeads = (): void => {
      for (; heads[met]?.size === this.#tree.size; met += 1) {
        assert.equal(
          toHex(this.#tree.root()),
          toHex((heads[met] as ReadHead).root),
          `a fork at ${this.#tree.size}`,
        );
      }
    };
    meetHeads();
    for await (const entry of log.readEntries(this.#tree.size)) {
      assert.equal(entry.index, this.#tree.size);
      assert.ok(entry.timeMs >= this.#timeMs, `time went back at entry ${entry.index}`);
      this.#timeMs = entry.timeMs;
      const leafHash = nodeHasher.leaf(encodeLeaf(entry));
      this.#tree.append(leafHash);
      this.leafHashes.push(toHex(leafHash));
      meetHeads();
    }
    assert.equal(met, heads.length, 'every head that was published is one of this log');
    assert.equal(heads.at(-1)?.size, this.#tree.size, 'the start covers all that is durable');
    for (const { index, leafHash } of report.acks) {
      assert.equal(this.leafHashes[index], leafHash, `acknowledged entry ${index} is lost or another`);
    }
  }
}
