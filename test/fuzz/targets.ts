import { fuzz as bencode } from './targets/bencode.ts';
import { fuzz as extension } from './targets/extension.ts';
import { fuzz as hashes } from './targets/hashes.ts';
import { fuzz as identity } from './targets/identity.ts';
import { fuzz as krpc } from './targets/krpc.ts';
import { fuzz as magnet } from './targets/magnet.ts';
import { fuzz as mse } from './targets/mse.ts';
import { fuzz as notes } from './targets/notes.ts';
import { fuzz as peerAddress } from './targets/peer-address.ts';
import { fuzz as pieceLayers } from './targets/piece-layers.ts';
import { fuzz as proofBundle } from './targets/proof-bundle.ts';
import { fuzz as statement } from './targets/statement.ts';
import { fuzz as torrent } from './targets/torrent.ts';
import { fuzz as tracker } from './targets/tracker.ts';
import { fuzz as udpTracker } from './targets/udp-tracker.ts';
import { fuzz as wire } from './targets/wire.ts';

/** Every fuzz target by its name, which is that of its file and of its corpus. */
export const TARGETS: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  bencode,
  extension,
  hashes,
  identity,
  krpc,
  magnet,
  mse,
  notes,
  'peer-address': peerAddress,
  'piece-layers': pieceLayers,
  'proof-bundle': proofBundle,
  statement,
  torrent,
  tracker,
  'udp-tracker': udpTracker,
  wire,
};
