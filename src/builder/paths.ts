import { RECIPE_LIMITS } from './limits.ts';

/** Names that Windows keeps for devices, whatever their extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
// oxlint-disable-next-line no-control-regex -- control and bidi characters are what is refused
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*\\]/;

/**
 * Why `path` may not name a file below the build folder, or undefined when it may: relative, `/` between
 * elements, no empty, `.` or `..` element, no character or name that some file system gives a meaning of its own.
 */
export function pathFault(path: string): string | undefined {
  if (path.length === 0) return 'is empty';
  if (path.length > RECIPE_LIMITS.pathLength) return `is longer than ${RECIPE_LIMITS.pathLength}`;
  if (path.startsWith('/')) return 'is absolute: write it relative to the build folder';
  if (FORBIDDEN.test(path)) return 'holds a character that is refused in paths (such as \\ : * or a control)';
  if (!path.isWellFormed()) return 'is not well-formed Unicode';
  const elements = path.split('/');
  if (elements.length > RECIPE_LIMITS.pathDepth) return `is deeper than ${RECIPE_LIMITS.pathDepth}`;
  for (const element of elements) {
    if (element === '' || element === '.' || element === '..') {
      return `has the element "${element}": name each folder, without "." or ".."`;
    }
    if (/[. ]$/.test(element)) return `has the element "${element}", which ends with a dot or a space`;
    if (RESERVED.test(element)) return `has the element "${element}", a device name on Windows`;
  }
  return undefined;
}
