import { fromUtf8, TextFormError, toHex } from '../bytes/index.ts';
import { TorrentError } from './error.ts';
import { TORRENT_LIMITS } from './limits.ts';

/** Device names that Windows reserves, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;
/** Characters that change the direction of text around them, so that a name reads as another. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const ADVICE = 'rename it or put the files into an archive';

/**
 * A path element as text. Throws `unsafe-path` for one that is not UTF-8, or that some system would take for
 * another place or another name (THREATS: path traversal).
 */
export function safeName(bytes: Uint8Array, nameBytes = TORRENT_LIMITS.nameBytes): string {
  if (bytes.length > nameBytes) {
    throw new TorrentError(
      'unsafe-path',
      `a name of ${bytes.length} bytes is too long: at most ${nameBytes} are taken; ${ADVICE}`,
    );
  }
  let name: string;
  try {
    name = fromUtf8(bytes);
  } catch (cause) {
    if (!(cause instanceof TextFormError)) throw cause;
    throw new TorrentError('unsafe-path', `the name with bytes ${toHex(bytes)} is not UTF-8: ${ADVICE}`, {
      cause,
    });
  }
  const reason = whyUnsafe(name);
  if (reason) {
    throw new TorrentError('unsafe-path', `the name ${JSON.stringify(name)} ${reason}: ${ADVICE}`);
  }
  return name;
}

function whyUnsafe(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'means a folder';
  if (/[/\\]/.test(name)) return 'holds a path separator';
  if (/\p{Cc}/u.test(name)) return 'holds a control character';
  if (BIDI.test(name)) return 'holds a character that turns the direction of text';
  if (DEVICE.test(name)) return 'is reserved by Windows';
  if (/[. ]$/.test(name)) return 'ends with a dot or a space, which Windows drops';
  return undefined;
}
