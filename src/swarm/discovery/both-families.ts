/** How long the other family's answer is waited for when one has come. */
const SECOND_FAMILY_MS = 1000;

/**
 * Asks a tracker over IPv4 and IPv6 at once, since an announce over one makes us known to its peers only. Resolves with
 * what came from those that answered, the slower one within a second. Throws why none did, or the signal's reason.
 */
export async function overFamilies<Family, Answer>(
  families: readonly Family[],
  callerSignal: AbortSignal,
  ask: (family: Family, signal: AbortSignal) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const late = new AbortController();
  const signal = AbortSignal.any([callerSignal, late.signal]);
  const answers: Answer[] = [];
  const asked = families.map(async (family) => {
    answers.push(await ask(family, signal));
  });
  try {
    await Promise.any(asked);
  } catch (cause) {
    callerSignal.throwIfAborted();
    throw (cause as AggregateError).errors[0];
  }
  const patience = setTimeout(() => late.abort(new Error('too late')), SECOND_FAMILY_MS);
  await Promise.allSettled(asked);
  clearTimeout(patience);
  return answers;
}
