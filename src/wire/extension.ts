import { type BencodeNode, decode, encode, MESSAGE_LIMITS } from '../bencode/index.ts';
import { CodedError } from '../bytes/index.ts';
import { WireError } from './error.ts';

/** The extended message id of the extension handshake itself (BEP 10). */
export const EXTENSION_HANDSHAKE_ID = 0;

/** The dictionary that peers exchange first (BEP 10), with the keys of BEP 9. */
export interface ExtensionHandshake {
  /** Extensions by name, each with the id under which the sender wants its messages; 0 turns one off. */
  readonly extensions: ReadonlyMap<string, number>;
  /** Length of the info dictionary in bytes (BEP 9), when the sender has it. */
  readonly metadataBytes?: number;
  /** How many requests the sender keeps before it drops some (`reqq`). */
  readonly requestQueue?: number;
  /** Where the sender listens (`p`). */
  readonly listenPort?: number;
  /** Client name and version (`v`), as it came: escape it before it is shown. */
  readonly client?: string;
}

/** Most extensions and longest names and client texts that are kept. */
const MAXIMUM_EXTENSIONS = 64;
const MAXIMUM_TEXT = 128;
/** For texts that are only shown: what is no UTF-8 becomes U+FFFD. */
const lenientUtf8 = new TextDecoder();
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** The payload of the extension handshake. */
export function encodeExtensionHandshake(handshake: ExtensionHandshake): Uint8Array<ArrayBuffer> {
  return encode({
    m: handshake.extensions,
    metadata_size: handshake.metadataBytes,
    p: handshake.listenPort,
    reqq: handshake.requestQueue,
    v: handshake.client,
  });
}

/**
 * Reads an extension handshake. Keys that this codec does not know are passed over, and so are known ones with
 * values that make no sense; bytes that are no bencoded dictionary throw `bad-extension`.
 */
export function parseExtensionHandshake(payload: Uint8Array): ExtensionHandshake {
  return refuseAs('bad-extension', 'an extension handshake', () => {
    const root = decode(payload, MESSAGE_LIMITS);
    const metadataBytes = natural(root.get('metadata_size'), 2 ** 31 - 1);
    const requestQueue = natural(root.get('reqq'), 2 ** 31 - 1);
    const listenPort = natural(root.get('p'), 65_535);
    const client = shortText(root.get('v'));
    return {
      extensions: extensionIds(root.get('m')),
      ...(metadataBytes === undefined ? {} : { metadataBytes }),
      ...(requestQueue === undefined ? {} : { requestQueue }),
      ...(listenPort === undefined ? {} : { listenPort }),
      ...(client === undefined ? {} : { client }),
    };
  });
}

function extensionIds(node: BencodeNode | undefined): Map<string, number> {
  const ids = new Map<string, number>();
  if (node?.kind !== 'dictionary') return ids;
  for (const [key, value] of node.entries()) {
    const id = natural(value, 255);
    if (id === undefined || key.length > MAXIMUM_TEXT || ids.size >= MAXIMUM_EXTENSIONS) continue;
    ids.set(latin1(key), id);
  }
  return ids;
}

function natural(node: BencodeNode | undefined, maximum: number): number | undefined {
  if (node?.kind !== 'integer') return undefined;
  const value = node.integer();
  return value >= 0 && value <= maximum ? value : undefined;
}

function shortText(node: BencodeNode | undefined): string | undefined {
  if (node?.kind !== 'bytes') return undefined;
  return lenientUtf8.decode(node.bytes().subarray(0, MAXIMUM_TEXT));
}

/** Runs a reader; what the layers below refuse becomes a `WireError` with that as its cause. */
export function refuseAs<Value>(
  code: 'bad-extension' | 'bad-metadata-message' | 'bad-identity-message' | 'bad-tracker-response',
  what: string,
  read: () => Value,
): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WireError || !(cause instanceof CodedError)) throw cause;
    throw new WireError(code, `${what} cannot be read: ${cause.message}`, { cause });
  }
}
