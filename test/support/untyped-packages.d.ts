// The parts that tests use of packages that bring no types.

declare module 'bencode' {
  export function decode(
    data: ArrayBufferView | string | null | undefined,
    start?: number | string | null,
    end?: number | string | null,
    encoding?: string | null,
  ): unknown;
  export function encode(value: unknown, target?: Uint8Array, offset?: number): Uint8Array;
  export function encodingLength(value: unknown): number;
  export function byteLength(value: unknown): number;
  const bencode: {
    decode: typeof decode;
    encode: typeof encode;
    encodingLength: typeof encodingLength;
    byteLength: typeof byteLength;
  };
  export default bencode;
}

declare module 'bittorrent-dht' {
  import type { EventEmitter } from 'node:events';

  export class Client extends EventEmitter {
    constructor(options?: { bootstrap?: boolean | string[]; host?: string });
    listen(port: number, address: string, listening?: () => void): void;
    address(): { address: string; port: number };
    addNode(node: { host: string; port: number }): void;
    announce(infoHash: Uint8Array, port: number, done?: (error?: Error) => void): void;
    lookup(infoHash: Uint8Array, done?: (error?: Error) => void): () => void;
    put(options: { v: Uint8Array }, done: (error: Error | null, key: Buffer, nodes: number) => void): void;
    get(key: Uint8Array, done: (error: Error | null, value?: { v: Buffer }) => void): void;
    destroy(done?: () => void): void;
  }
}

declare module 'bittorrent-protocol' {
  import type { Duplex } from 'node:stream';

  export default class Wire extends Duplex {
    constructor(type?: string);
    handshake(infoHash: string, peerId: string, extensions?: { dht?: boolean; fast?: boolean }): void;
    extended(extension: number | string, value: unknown): void;
    use(extension: unknown): void;
    readonly peerExtendedHandshake: Record<string, unknown>;
    [extension: string]: unknown;
  }
}

declare module 'create-torrent' {
  interface Options {
    name?: string;
    pieceLength?: number;
    announceList?: string[][];
    creationDate?: Date;
  }
  export default function createTorrent(
    input: unknown,
    options: Options,
    done: (error: Error | null, torrent: Uint8Array) => void,
  ): void;
}

declare module 'parse-torrent' {
  interface ParsedTorrent {
    readonly infoHash: string;
    readonly infoBuffer: Uint8Array;
    readonly name: string;
    readonly length: number;
    readonly pieceLength: number;
    readonly pieces: readonly string[];
    readonly announce: readonly string[];
    readonly files: readonly { path: string; name: string; length: number; offset: number }[];
  }
  export default function parseTorrent(torrent: Uint8Array | string): Promise<ParsedTorrent>;
}
