import { randomBytes, randomInt } from 'node:crypto';
import { brandBytes, fromHex, type InfoHashV2, truncateInfoHash } from '../bytes/index.ts';
import { generateKey } from '../statement/index.ts';
import { announceTo, proveIdentity, SwarmError } from '../swarm/index.ts';
import type { PeerAddress } from './download.ts';
import { ClientError } from './errors.ts';
import type { Winner } from './resolve.ts';

export interface AskSwarmOptions {
  /** Announce URLs of the tallies. */
  readonly trackers: readonly string[];
  readonly peers: readonly PeerAddress[];
  /** How many builders that voted for the winner have to prove their keys. */
  readonly least: number;
  readonly localAddress: string | undefined;
  readonly signal: AbortSignal;
}

/** What the seeders themselves said. */
export interface AskedSwarm {
  /** Seeders that were connected to. */
  readonly asked: number;
  /** Builders of the winning group that proved their keys: identities, sorted. */
  readonly proved: readonly string[];
}

const MOST_SEEDERS = 50;
const AT_ONCE = 8;
const SEEDER_MS = 10_000;

/**
 * Connects to seeders of the winner and has each prove its builder's key over this very connection (docs/protocol.md,
 * "Identity of a seeder"). Throws `no-quorum` when fewer builders of the winning group did than were asked for.
 */
export async function askSwarm(winner: Winner, options: AskSwarmOptions): Promise<AskedSwarm> {
  const infoHash = brandBytes('InfoHashV2', fromHex(winner.group.infoHashV2));
  const seeders = await findSeeders(infoHash, options);
  const waiting = [...seeders];
  const proved = new Set<string>();
  const signer = generateKey('asking');
  const ask = async (): Promise<void> => {
    for (let seeder = waiting.pop(); seeder !== undefined; seeder = waiting.pop()) {
      const identity = await identityAt(seeder, infoHash, signer, options);
      const builder = winner.agreed.find(({ key }) => winner.currentKeys[key] === identity);
      if (builder !== undefined) proved.add(builder.key);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  if (proved.size < options.least) {
    throw new ClientError(
      'no-quorum',
      `of ${seeders.length} seeders that were asked, ${proved.size} proved to be builders that voted for this, and ` +
        `${options.least} are asked for: try again later, name seeders by --peer, or go without --ask-swarm`,
    );
  }
  return { asked: seeders.length, proved: [...proved].sort() };
}

async function identityAt(
  { host, port }: PeerAddress,
  infoHash: InfoHashV2,
  signer: ReturnType<typeof generateKey>,
  { localAddress, signal }: AskSwarmOptions,
): Promise<string | undefined> {
  try {
    return (await proveIdentity({ host, port, infoHash, signer, localAddress, signal, timeoutMs: SEEDER_MS }))
      .identity;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SwarmError) return undefined; // one that is gone, or proves nothing
    throw error;
  }
}

/** Seeders that the user names, and some that the tallies' trackers list. */
async function findSeeders(infoHash: InfoHashV2, options: AskSwarmOptions): Promise<PeerAddress[]> {
  const found = new Map<string, PeerAddress>();
  const add = (peer: PeerAddress): void => {
    if (found.size < MOST_SEEDERS)
      found.set(`${peer.host} ${peer.port}`, { host: peer.host, port: peer.port });
  };
  for (const peer of options.peers) add(peer);
  for (const tracker of options.trackers)
    for (const peer of await listed(tracker, infoHash, options)) add(peer);
  return [...found.values()];
}

/** Asks a tracker as one who has nothing yet, and takes leave at once. */
async function listed(
  tracker: string,
  infoHash: InfoHashV2,
  { localAddress, signal }: AskSwarmOptions,
): Promise<readonly PeerAddress[]> {
  const announcement = {
    infoHash: truncateInfoHash(infoHash),
    peerId: brandBytes('PeerId', randomBytes(20)),
    port: randomInt(49_152, 65_536),
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 1,
    key: randomBytes(4).toString('hex'),
  };
  const send = async (event: 'started' | 'stopped'): ReturnType<typeof announceTo> =>
    announceTo(tracker, { ...announcement, event }, { reach: 'named', localAddress, signal });
  try {
    const { peers } = await send('started');
    await send('stopped');
    return peers;
  } catch (error) {
    if (error instanceof SwarmError) return []; // no seeders from there
    throw error;
  }
}
