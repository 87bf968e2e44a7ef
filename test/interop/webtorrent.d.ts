/** As much of `webtorrent`, which has no types of its own, as the interop tests use. */
declare module 'webtorrent' {
  interface Torrent {
    addPeer(address: string): boolean;
    on(event: 'done', listener: () => void): void;
  }

  export default class WebTorrent {
    constructor(options: Readonly<Record<string, boolean>>);
    readonly torrentPort: number;
    on(event: 'error', listener: (error: Error) => void): void;
    add(
      torrent: Uint8Array | string,
      options: { path: string; announce: readonly string[] },
      ready: (torrent: Torrent) => void,
    ): void;
  }
}
