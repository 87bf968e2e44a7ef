import type { BencodeNode } from '../bencode/index.ts';
import { isTrackerUrl, isWebSeedUrl, usable } from './web-urls.ts';

/** The trackers of a torrent: `announce-list` by tiers (BEP 12), then `announce`; usable ones, each once. */
export function trackerTiersOf(torrent: BencodeNode, limit: number): string[][] {
  const list = torrent.get('announce-list');
  const nodes = [...(list?.kind === 'list' ? list.items() : []), torrent.get('announce')];
  const known = new Set<string>();
  const tiers: string[][] = [];
  for (const node of nodes) {
    const isNew = (url: string): boolean => !known.has(url) && isTrackerUrl(url);
    const tier = usable(stringsIn(node), isNew, limit - known.size);
    for (const url of tier) known.add(url);
    if (tier.length > 0) tiers.push(tier);
  }
  return tiers;
}

/** The web seeds of a torrent (`url-list`, BEP 19), one or many; usable ones, each once. */
export function webSeedsOf(torrent: BencodeNode, limit: number): string[] {
  return usable(stringsIn(torrent.get('url-list')), isWebSeedUrl, limit);
}

/** The strings in a node and in lists of them. */
function* stringsIn(node: BencodeNode | undefined): Generator<string, void> {
  if (node?.kind === 'bytes') yield new TextDecoder().decode(node.bytes());
  else if (node?.kind === 'list') for (const item of node.items()) yield* stringsIn(item);
}
