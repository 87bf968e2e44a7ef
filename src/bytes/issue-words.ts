/** The part of a schema's complaint that is told: where, and what. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a schema found wrong first, after its place: `state.index: …`, or `its form: …` for the whole. */
export function issueWords(issues: readonly Issue[]): string {
  const [first] = issues;
  if (first === undefined) return 'malformed';
  const { path, message } = first;
  return `${path.length === 0 ? 'its form' : path.map(String).join('.')}: ${message}`;
}
