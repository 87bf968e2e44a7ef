const MAX_LETTERS = 240;

/**
 * Characters that a name can use to look like another name: controls, bidirectional overrides and isolates,
 * zero-width and tag characters (Unicode TR 36, "bidirectional text spoofing" and "invisible characters").
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;

/**
 * Text from the log as it may be shown: what cannot be seen is spelled out as `⟨U+202E⟩`, runs of combining
 * marks are cut, and at most 240 characters stand. It goes into text nodes only, so nothing is escaped here.
 */
export function visibleText(text: string): string {
  const letters = Array.from(text.slice(0, MAX_LETTERS * 2));
  const kept = letters.slice(0, MAX_LETTERS).join('');
  const more = letters.length > MAX_LETTERS || text.length > MAX_LETTERS * 2;
  return (
    kept
      .replace(UNSEEN, (letter) => `⟨U+${codePointOf(letter)}⟩`)
      .replace(/(\p{M}{3})\p{M}+/gu, '$1')
      .trim() + (more ? '…' : '')
  );
}

function codePointOf(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** `1 vote`, `2 votes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${groupDigits(count)} ${count === 1 ? one : many}`;
}

/** `12,345`: digits in groups, the same in every locale. */
export function groupDigits(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** One word of a POSIX shell command: always in single quotes, with quotes inside spelled out. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
