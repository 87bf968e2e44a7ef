/** The tally did not give what was asked for; `status` is 0 when it gave no answer at all. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
    this.status = status;
  }
}

const TIMEOUT_MS = 20_000;

/** How far this machine's clock is behind the tally's, from its last answer; small differences are noise. */
let clockBehindMs = 0;

/** The tally's time now, by its own last answer. Windows are counted down to it, not to a wrong local clock. */
export function tallyNow(): number {
  return Date.now() + clockBehindMs;
}

/**
 * GETs a JSON document of this tally. Throws {@link RequestError} with the `detail` of an RFC 9457 problem
 * when there is one, and the signal's reason when aborted.
 */
export async function requestJson<Body>(path: string, signal: AbortSignal): Promise<Body> {
  const response = await answerOf(path, signal);
  noteClock(response.headers.get('date'));
  const body: unknown = await response.json().catch((cause: unknown) => {
    throw new RequestError(response.status, `${path} is not JSON`, { cause });
  });
  if (!response.ok) {
    const detail = (body as { detail?: unknown } | null)?.detail;
    const words = typeof detail === 'string' ? detail : `${path} was answered with ${response.status}`;
    throw new RequestError(response.status, words);
  }
  return body as Body;
}

async function answerOf(path: string, signal: AbortSignal): Promise<Response> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return await fetch(path, { signal: limit, headers: { accept: 'application/json' } });
  } catch (cause) {
    signal.throwIfAborted();
    throw new RequestError(0, 'the tally does not answer', { cause });
  }
}

function noteClock(header: string | null): void {
  const said = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(said)) return;
  // The header is cut to whole seconds: its middle is the best guess, and only a larger gap is a wrong clock.
  const behindMs = said + 500 - Date.now();
  clockBehindMs = Math.abs(behindMs) > 2000 ? behindMs : 0;
}
