/** The link itself when it is a magnet link, else nothing: whatever stands in an `href` must never be a script. */
export function safeMagnet(text: string | undefined): string | undefined {
  return text?.startsWith('magnet:?') ? text : undefined;
}

/** The address itself when it is one on the web, else nothing. */
export function safeWebLink(text: string): string | undefined {
  return /^https?:\/\//i.test(text) ? text : undefined;
}
