import { z } from 'zod';
import { DECEIVING, toUtf8, WHITE_SPACE } from '../bytes/index.ts';
import { LONGEST_ORIGIN, LONGEST_PACKAGE } from './limits.ts';
import { isNetworkPrefix } from './network-prefix.ts';
import { isPackagePrefix, isPackageUrl, parsePackageUrl } from './package-url.ts';
import { HEX_32 } from './plain-checks.ts';

// A dashboard forbids code made from strings (CSP without unsafe-eval), which zod would otherwise try.
if ('document' in globalThis) z.config({ jitless: true });

const DAY_SECONDS = 86_400;

/** 32 bytes in lower-case hexadecimal: a SHA-256, an infohash, a public key, a salt. */
export const hex32 = z.string().regex(HEX_32, 'give 64 lower-case hex digits');

/** A witness's cosignature as in a note's signature line: canonical base64 of 4 + 8 + 64 bytes. */
export const cosignature = z
  .string()
  .regex(/^[A-Za-z0-9+/]{101}[AQgw]==$/, 'give the base64 of key id, time and signature: 76 bytes');

/** Days since 1970 (UTC), before the year 10000. */
export const epoch = z.int().min(0).max(2_932_896);

/** Milliseconds since 1970, an integer, before the year 10000. */
export const timeMs = z.int().min(0).max(253_402_300_799_999);

/** Name of a log, as in the first line of its checkpoints. */
export const origin = z
  .string()
  .min(1)
  .refine((text) => toUtf8(text).length <= LONGEST_ORIGIN, `at most ${LONGEST_ORIGIN} bytes`)
  .regex(new RegExp(`^[^${WHITE_SPACE}${DECEIVING}+]+$`, 'u'), 'an origin has no spaces and no "+"');

/** One line of text for people, of any length. */
export const LINE = new RegExp(`^[^${DECEIVING}]+$`, 'u');

/** Text for people, one line, without control, invisible or bidi characters; `longest` in UTF-16 units. */
export function line(longest: number): z.ZodString {
  return z.string().min(1).max(longest).regex(LINE, 'no control, invisible or bidi characters');
}

/**
 * Letters of an operator's name, each one code point in Unicode's composed form: Latin, Greek, Cyrillic, Hebrew, Arabic,
 * kana, Han and Hangul. Combining marks stay out, or one name would have several texts.
 */
const OPERATOR_LETTERS =
  '\\u0021-\\u007e\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0386\\u0388-\\u038a\\u038c\\u038e-\\u03a1\\u03a3-\\u03ce' +
  '\\u0400-\\u045f\\u05d0-\\u05ea\\u0621-\\u063a\\u0641-\\u064a\\u3041-\\u3096\\u30a1-\\u30fa\\u30fc\\u3400-\\u4dbf\\u4e00-\\u9fff' +
  '\\uac00-\\ud7a3';

/** Who runs a builder: 1–64 printable ASCII signs or letters of a fixed alphabet, words parted by single spaces. */
export const operator = z
  .string()
  .max(64)
  .regex(
    new RegExp(`^[${OPERATOR_LETTERS}]+(?: [${OPERATOR_LETTERS}]+)*$`, 'u'),
    'give letters without combining marks, single spaces between words',
  );

/** A canonical package URL with a version. */
export const packageUrl = z
  .string()
  .max(LONGEST_PACKAGE)
  .refine(isPackageUrl, 'it is no canonical package URL')
  .refine((text) => !isPackageUrl(text) || parsePackageUrl(text).version !== undefined, 'it names no version')
  .meta({ description: 'A package URL (purl) in canonical form, with a version.' });

/** Start of package URLs, ending at a boundary: `pkg:npm/%40noble/`, `pkg:npm/left-pad@`. */
export const packagePrefix = z
  .string()
  .refine(isPackagePrefix, 'give the canonical start of package URLs, ending with "/" or "@"')
  .meta({ description: 'The start of canonical package URLs, ending with "/" or "@".' });

/** `any`, or system and machine: `linux/amd64`. */
export const platform = z
  .string()
  .regex(/^(?:any|[a-z0-9]{1,16}\/[a-z0-9_]{1,16})$/, 'such as any or linux/amd64');

/** CIDR of a network that a builder seeds from. */
export const networkPrefix = z
  .string()
  .max(50)
  .refine(isNetworkPrefix, 'such as 192.0.2.0/24 or 2001:db8::/32, host bits zero, no wider than that')
  .meta({ description: 'CIDR, host bits zero, no wider than /24 or IPv6 /32.' });

/** Subresource Integrity by SHA-512, as npm records it. */
export const integrity = z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'give sha512-<base64>');

/** Name of one file or folder, not a path. */
export const fileName = line(255)
  .regex(/^[^/\\]+$/, 'a name, not a path')
  .refine((text) => text !== '.' && text !== '..', 'not "." or ".."');

/** A size in bytes below 2^53. */
export const sizeBytes = z.int().min(0);

/** Length of a window: one second to 90 days. */
export const windowSeconds = z
  .int()
  .min(1)
  .max(90 * DAY_SECONDS);

/** An array of distinct strings. */
export function distinct<Item extends z.ZodType<string>>(item: Item, longest: number) {
  return z
    .array(item)
    .max(longest)
    .refine((items) => new Set(items).size === items.length, 'no entry twice')
    .meta({ uniqueItems: true });
}

/** An array of distinct strings in ascending order of their UTF-16 units (for hex: of their bytes). */
export function sorted<Item extends z.ZodType<string>>(item: Item, longest: number) {
  return z
    .array(item)
    .max(longest)
    .refine(
      (items) => items.every((text, at) => at === 0 || (items[at - 1] as string) < text),
      'sorted, each once',
    )
    .meta({ uniqueItems: true, description: 'In ascending order.' });
}
