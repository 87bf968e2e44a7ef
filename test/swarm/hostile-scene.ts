import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import type { BlockSpan } from '../../src/wire/index.ts';
import { fingerprint, type MadeTorrent, makeTorrent, temporaryFolder } from './content.ts';
import { type Line, type Script, type ScriptedPeer, startScripted } from './scripted-peer.ts';

/** A torrent of one file, and an honest seeder of it that has not begun to serve. */
export interface Scene extends MadeTorrent {
  readonly content: Uint8Array;
  readonly bytesAt: (span: BlockSpan) => Uint8Array;
  readonly seeder: Engine;
  readonly honest: { readonly host: string; readonly port: number };
  readonly out: string;
}

export interface AmongOptions {
  readonly how?: 'torrent' | 'magnet';
  readonly honestAfterMs?: number;
  readonly hasHonest?: boolean;
  readonly engine?: ConstructorParameters<typeof Engine>[0];
}

const LIMIT_MS = 30_000;
/**
 * Most memory that a download of some megabytes may take beyond what the process had: 145 MB were measured, in the first
 * test of a process, which starts four hashing threads of some 20 MB; 60 to 80 in later ones.
 */
export const MEMORY_BYTES = 180_000_000;

export async function prepare(context: TestContext, content: Buffer): Promise<Scene> {
  const folder = await temporaryFolder(context);
  return prepareMade(context, folder, await makeTorrent(folder, 'content', { '': content }, 'v2'), content);
}

/** The same for a torrent that was made already. */
export async function prepareMade(
  context: TestContext,
  folder: string,
  made: MadeTorrent,
  content: Uint8Array,
): Promise<Scene> {
  const { pieceLength } = made.metainfo;
  const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
    content.subarray(pieceIndex * pieceLength + begin, pieceIndex * pieceLength + begin + length);
  const seeder = new Engine({ host: '127.0.1.1' });
  context.after(() => seeder.close());
  const honest = await seeder.listen();
  return { ...made, content, bytesAt, seeder, honest, out: join(folder, 'out') };
}

/** Downloads from hostile peers; the honest one comes up once they were at work. */
export async function downloadAmong(
  context: TestContext,
  scene: Scene,
  scripts: readonly Script[],
  options: AmongOptions = {},
) {
  const { metainfo, torrent, path, bytesAt, seeder, honest, out } = scene;
  const escapes = watchEscapes(context);
  const memory = watchMemory(context);
  const hostile = await Promise.all(
    scripts.map((script, at) => startScripted(context, `127.0.${at + 10}.1`, metainfo, bytesAt, script)),
  );
  const leecher = new Engine({ stallTimeoutMs: 1500, handshakeTimeoutMs: 1500, ...options.engine });
  context.after(() => leecher.close());
  let seeding: Promise<unknown> | undefined;
  const timer = setTimeout(() => {
    if (options.hasHonest === false) return;
    seeding = seeder.seed(torrent, path);
    seeding.catch(() => undefined); // it is waited for below, and ends with its engine when the download fails
  }, options.honestAfterMs ?? 150);
  context.after(() => clearTimeout(timer));
  const troubles: SwarmError[] = [];
  const source =
    options.how === 'magnet' ? parseMagnet(formatMagnet({ infoHashV2: metainfo.infoHashV2 })) : metainfo;
  const result = await leecher.download(source, {
    folder: out,
    peers: [...hostile, ...(options.hasHonest === false ? [] : [honest])],
    signal: AbortSignal.timeout(LIMIT_MS),
    onTrouble: (error) => troubles.push(error),
  });
  // Who lies about some pieces may give all others, so that it can be over before the honest one has begun.
  clearTimeout(timer);
  await seeding;
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  assert.deepEqual(await readdir(out), ['content']);
  memory.mustStayBelow(MEMORY_BYTES);
  escapes.mustBeNone();
  return { hostile, troubles, progress: result.progress };
}

/** The liars are banned, each named once by its address; nobody else is. */
export function mustBan(
  {
    troubles,
    progress,
  }: { readonly troubles: readonly SwarmError[]; readonly progress: { bannedPeers: number } },
  ...liars: readonly ScriptedPeer[]
): void {
  const lies = troubles.filter(({ code }) => code === 'peer-lied').map(({ message }) => message);
  assert.equal(progress.bannedPeers, liars.length, lies.join('; '));
  assert.deepEqual(
    lies.map((message) => message.slice(0, message.indexOf(' '))).sort(),
    liars.map(({ host, port }) => `${host}:${port}`).sort(),
  );
}

/** Collects errors that nobody caught. */
export function watchEscapes(context: TestContext): { mustBeNone(): void } {
  const escaped: unknown[] = [];
  const note = (error: unknown): void => {
    escaped.push(error);
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  context.after(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  });
  return { mustBeNone: () => assert.deepEqual(escaped, []) };
}

/** Watches the memory of the whole process, hostile peers included: they have to wait for their own writes. */
export function watchMemory(context: TestContext): { mustStayBelow(bytes: number): void } {
  const before = process.memoryUsage.rss();
  let peak = before;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 20);
  context.after(() => clearInterval(timer));
  return {
    mustStayBelow: (bytes) => {
      look();
      const grown = peak - before;
      assert.ok(grown < bytes, `memory grew by ${Math.round(grown / 1e6)} MB, ${bytes / 1e6} MB is the most`);
    },
  };
}

/** Writes a chunk again and again, as fast as the other side reads; returns how often before it was cut off. */
export async function flood({ socket }: Line, chunk: Uint8Array, times: number): Promise<number> {
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  let count = 0;
  for (; count < times && !socket.destroyed; count += 1) {
    if (socket.write(chunk)) await new Promise(setImmediate);
    else await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
  }
  return count;
}

/** Writes bytes one at a time, over and over, until the connection ends; returns after how many milliseconds. */
export async function trickle({ socket }: Line, bytes: Uint8Array, everyMs: number): Promise<number> {
  const began = performance.now();
  let at = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(at, at + 1));
    at = (at + 1) % bytes.length;
  }, everyMs);
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
  return performance.now() - began;
}
