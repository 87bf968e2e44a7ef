import type { BencodeNode } from '../bencode/index.ts';
import { isTrackerUrl, isWebSeedUrl, usable } from './web-urls.ts';

/** The trackers of a torrent: `announce-list` by tiers (BEP 12), then `announce`; usable ones, each once. */
export function trackersOf(torrent: BencodeNode, limit: number): string[] {
  return usable(stringsIn(torrent.get('announce-list'), torrent.get('announce')), isTrackerUrl, limit);
}

/** The web seeds of a torrent (`url-list`, BEP 19), one or many; usable ones, each once. */
export function webSeedsOf(torrent: BencodeNode, limit: number): string[] {
  return usable(stringsIn(torrent.get('url-list')), isWebSeedUrl, limit);
}

/** The strings in nodes and in lists of them, tiers included. */
function* stringsIn(...nodes: (BencodeNode | undefined)[]): Generator<string, void> {
  for (const node of nodes) {
    if (node?.kind === 'bytes') yield new TextDecoder().decode(node.bytes());
    else if (node?.kind === 'list') for (const item of node.items()) yield* stringsIn(item);
  }
}
