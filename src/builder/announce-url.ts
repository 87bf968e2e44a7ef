import { parseVkey } from '../note/index.ts';
import type { PrivateKey } from '../statement/index.ts';

/**
 * A builder's own announce URL at a tally: a secret, with which any torrent client seeds in its name.
 * `tally`: the tally's address; `logKey`: its log's verifier key, whose name the token is bound to.
 */
export function announceUrlOf(tally: string | URL, logKey: string, signer: PrivateKey): string {
  const base = new URL(tally);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return new URL(`announce/${signer.announceToken(parseVkey(logKey).name)}`, base).href;
}
