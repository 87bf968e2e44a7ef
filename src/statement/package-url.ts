import { DECEIVING } from '../bytes/index.ts';
import { StatementError } from './errors.ts';

/** A package URL taken apart, every part decoded. */
export interface PackageUrl {
  /** `npm`, `deb`, … */
  readonly type: string;
  readonly namespace: readonly string[];
  readonly name: string;
  readonly version: string | undefined;
  readonly qualifiers: readonly (readonly [key: string, value: string])[];
  readonly subpath: readonly string[];
}

const LONGEST = 512;
const HOLDS_DECEIVING = new RegExp(`[${DECEIVING}]`, 'u');
/** Types whose namespace and name are lower case (purl type definitions); looked at in A–Z only, as ASCII names need. */
const LOWER_CASE_TYPES = new Set(['npm', 'deb', 'pypi', 'github', 'bitbucket', 'gitlab', 'composer', 'hex']);
const FORM =
  /^pkg:(?<type>[a-z][a-z0-9.-]*)\/(?<path>[^@?#]+)(?:@(?<version>[^@?#]+))?(?:\?(?<qualifiers>[^?#]+))?(?:#(?<subpath>[^#]+))?$/;
/** What percent-encoding leaves alone (purl specification, "Character encoding"); the rest is `%XX`, upper case. */
const ENCODED = /^(?:[A-Za-z0-9.\-_~:]|%[0-9A-F]{2})+$/;

/**
 * Reads a package URL (purl specification) in its canonical form only, so that one package has one text:
 * `pkg:npm/%40noble/hashes@2.0.1`, `pkg:deb/debian/gzip@1.13-1%2Bdeb13u1?arch=amd64`. Throws
 * `bad-package-url` and never repairs.
 */
export function parsePackageUrl(text: string): PackageUrl {
  if (text.length > LONGEST) throw refusal(text, `it is longer than ${LONGEST} characters`);
  const groups = FORM.exec(text)?.groups;
  if (groups === undefined) throw refusal(text, 'it is not pkg:type/namespace/name@version');
  const { type = '', path = '' } = groups;
  const segments = path.split('/').map((segment) => decodePart(text, segment));
  for (const segment of segments) checkSegment(text, segment);
  if (LOWER_CASE_TYPES.has(type) && segments.some((segment) => /[A-Z]/.test(segment))) {
    throw refusal(text, `names of type ${type} are lower case`);
  }
  return {
    type,
    namespace: segments.slice(0, -1),
    name: segments.at(-1) ?? '',
    version: groups['version'] === undefined ? undefined : decodePart(text, groups['version']),
    qualifiers: parseQualifiers(text, groups['qualifiers']),
    subpath: parseSubpath(text, groups['subpath']),
  };
}

/** Whether {@link parsePackageUrl} takes a text. */
export function isPackageUrl(text: string): boolean {
  try {
    parsePackageUrl(text);
    return true;
  } catch (error) {
    if (error instanceof StatementError) return false;
    throw error;
  }
}

/** Whether a text may stand before a canonical package URL's end at a boundary: `pkg:npm/%40noble/`, `pkg:npm/left-pad@`. */
export function isPackagePrefix(text: string): boolean {
  if (/^pkg:[a-z][a-z0-9.-]*\/$/.test(text)) return true;
  if (text.endsWith('/')) return isPackageUrl(`${text}x`);
  return text.endsWith('@') && isPackageUrl(`${text}1`);
}

function parseQualifiers(text: string, encoded: string | undefined): PackageUrl['qualifiers'] {
  if (encoded === undefined) return [];
  const pairs = encoded.split('&').map((pair) => {
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(at, 0));
    if (!/^[a-z][a-z0-9._-]*$/.test(key)) throw refusal(text, 'a qualifier has no lower-case key');
    return [key, decodePart(text, pair.slice(at + 1))] as const;
  });
  for (let index = 1; index < pairs.length; index += 1) {
    const [before, after] = [pairs[index - 1]?.[0] ?? '', pairs[index]?.[0] ?? ''];
    if (before >= after) throw refusal(text, 'its qualifiers are not sorted, each once');
  }
  return pairs;
}

function parseSubpath(text: string, encoded: string | undefined): string[] {
  if (encoded === undefined) return [];
  const segments = encoded.split('/').map((segment) => decodePart(text, segment));
  for (const segment of segments) checkSegment(text, segment);
  return segments;
}

function checkSegment(text: string, segment: string): void {
  if (segment === '.' || segment === '..') throw refusal(text, 'a part of its path is "." or ".."');
  if (segment.includes('/')) throw refusal(text, 'a part of its path holds an encoded "/"');
}

function decodePart(text: string, encoded: string): string {
  if (!ENCODED.test(encoded))
    throw refusal(text, `${JSON.stringify(encoded)} is empty or not percent-encoded`);
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch (cause) {
    throw refusal(text, `${JSON.stringify(encoded)} is not UTF-8`, cause);
  }
  if (encodePart(decoded) !== encoded) {
    throw refusal(
      text,
      `${JSON.stringify(encoded)} has the canonical form ${JSON.stringify(encodePart(decoded))}`,
    );
  }
  if (HOLDS_DECEIVING.test(decoded)) throw refusal(text, 'it holds a control or invisible character');
  return decoded;
}

function encodePart(decoded: string): string {
  return encodeURIComponent(decoded)
    .replaceAll('%3A', ':')
    .replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

function refusal(text: string, why: string, cause?: unknown): StatementError {
  return new StatementError(
    'bad-package-url',
    `package URL ${JSON.stringify(text.slice(0, 120))} is refused: ${why}`,
    { cause },
  );
}
