const BTMH = /[?&]xt(?:\.\d+)?=urn:btmh:([^&]*)/gi;

/**
 * The link itself when it is a magnet link for this v2 infohash and for no other (BEP 9, BEP 52: a multihash,
 * `1220` for SHA-256), else nothing. Whatever stands in an `href` must never be a script.
 */
export function safeMagnet(text: string | undefined, infoHashV2: string): string | undefined {
  if (!text?.startsWith('magnet:?')) return undefined;
  const named = [...text.matchAll(BTMH)].map((match) => match[1]?.toLowerCase());
  return named.length > 0 && named.every((hash) => hash === `1220${infoHashV2}`) ? text : undefined;
}

/** The address itself when it is one on the web, else nothing. */
export function safeWebLink(text: string): string | undefined {
  return /^https?:\/\//i.test(text) ? text : undefined;
}
