/** Schemes of trackers: HTTP (BEP 3), UDP (BEP 15), WebTorrent. */
const TRACKER_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:']);
/** Schemes of web seeds (BEP 19). */
const WEB_SEED_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:']);

/** Whether a text is the address of a tracker that could be asked. */
export function isTrackerUrl(url: string): boolean {
  return hasScheme(url, TRACKER_SCHEMES);
}

/** Whether a text is the address of a web seed that could be asked. */
export function isWebSeedUrl(url: string): boolean {
  return hasScheme(url, WEB_SEED_SCHEMES);
}

/** Texts that pass, each once, in order, at most `limit`. */
export function usable(texts: Iterable<string>, passes: (text: string) => boolean, limit: number): string[] {
  const kept = new Set<string>();
  for (const text of texts) {
    if (kept.size >= limit) break;
    if (passes(text)) kept.add(text);
  }
  return [...kept];
}

function hasScheme(url: string, schemes: ReadonlySet<string>): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && schemes.has(parsed.protocol) && parsed.hostname !== '';
}
