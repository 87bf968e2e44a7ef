import { createHash, hash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { equalBytes, InternalError } from '../../bytes/index.ts';
import { BLOCK_BYTES, HASH_BYTES, layerRoot } from '../../merkle/index.ts';
import { blockTree, hashRows } from '../../sha256/index.ts';
import type { HashJob, HashOutcome } from './hash-job.ts';

/** Most bytes of a file that are in memory at once while its blocks are hashed. */
const READ_BYTES = 1024 * 1024;
/** The thread's own, for all files: one for each would pile up until the collector comes by. */
let readBuffer: Buffer | undefined;

/** Does a job, in whatever thread it is called. Never throws for what a peer or the disk can cause. */
export function doHashJob(job: HashJob): HashOutcome {
  try {
    if (job.kind === 'leaves') return { kind: 'leaves', leaves: leavesOfFile(job) };
    if (job.kind === 'blocks') return { kind: 'leaves', leaves: leavesOfBlocks(job.data, job.blocks) };
    const leaves = job.proven ? withUnchecked(job.proven, job.data) : leavesOf(job.data);
    const isRight = job.proven
      ? equalBytes(leaves, job.proven.leaves.subarray(0, leaves.length))
      : equalBytes(layerRoot(leaves, 0, job.height, blockTree), job.expected);
    if (!isRight) return { kind: 'wrong', leaves };
    if (job.v1 && !equalBytes(sha1(job.data, job.v1.zeros), job.v1.expected)) return { kind: 'inconsistent' };
    if (job.write) writeAll(job.write.fd, job.data, job.write.position);
    return job.wantsLeaves ? { kind: 'right', leaves } : { kind: 'right' };
  } catch (error) {
    if (error instanceof InternalError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: 'failed', errorCode: code ?? '', message };
  }
}

/** SHA-256 of each block of some data, one after the other. */
function leavesOf(data: Uint8Array): Buffer {
  const leaves = Buffer.allocUnsafe(Math.ceil(data.length / BLOCK_BYTES) * HASH_BYTES);
  hashRows(data, BLOCK_BYTES, leaves);
  return leaves;
}

/** SHA-256 of some blocks, in their order. */
function leavesOfBlocks(data: Uint8Array, blocks: readonly number[]): Buffer {
  const leaves = Buffer.allocUnsafe(blocks.length * HASH_BYTES);
  for (const [at, index] of blocks.entries()) {
    const block = data.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    hashRows(block, BLOCK_BYTES, leaves, at * HASH_BYTES);
  }
  return leaves;
}

/** The block hashes that a piece really has: the proven ones, and those of the blocks that were not compared yet. */
function withUnchecked(
  { leaves, unchecked }: { readonly leaves: Uint8Array; readonly unchecked: readonly number[] },
  data: Uint8Array,
): Buffer {
  const real = Buffer.from(leaves.subarray(0, Math.ceil(data.length / BLOCK_BYTES) * HASH_BYTES));
  const hashes = leavesOfBlocks(data, unchecked);
  for (const [at, index] of unchecked.entries()) {
    hashes.copy(real, index * HASH_BYTES, at * HASH_BYTES, (at + 1) * HASH_BYTES);
  }
  return real;
}

function leavesOfFile({ fd, position, length }: HashJob & { kind: 'leaves' }): Uint8Array {
  const leaves = Buffer.allocUnsafeSlow(Math.ceil(length / BLOCK_BYTES) * HASH_BYTES);
  readBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const buffer = readBuffer;
  for (let done = 0; done < length; done += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, length - done));
    readAll(fd, part, position + done);
    hashRows(part, BLOCK_BYTES, leaves, (done / BLOCK_BYTES) * HASH_BYTES);
  }
  return leaves;
}

function sha1(data: Uint8Array, zeros: number): Uint8Array {
  if (zeros === 0) return hash('sha1', data, 'buffer');
  const state = createHash('sha1').update(data);
  const block = new Uint8Array(Math.min(zeros, 65_536));
  for (let left = zeros; left > 0; left -= block.length)
    state.update(block.subarray(0, Math.min(left, block.length)));
  return state.digest();
}

function writeAll(fd: number, data: Uint8Array, position: number): void {
  for (let done = 0; done < data.length; ) {
    done += writeSync(fd, data, done, data.length - done, position + done);
  }
}

function readAll(fd: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) throw Object.assign(new Error('the file has become shorter'), { code: 'ETRUNCATED' });
    done += count;
  }
}
