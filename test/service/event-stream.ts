/** One server-sent event as it came. */
export interface StreamedEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** Opens a stream of events; each call of the answered function waits for the next one of a name. */
export async function openEvents(
  url: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<(name: string) => Promise<StreamedEvent>> {
  const response = await fetch(url, { signal, headers });
  if (response.status !== 200 || response.body === null) throw new Error(`events: ${response.status}`);
  // Held from now on: a body that nobody reads yet is cancelled when its answer is collected as garbage.
  const events = parse(response.body.values());
  return async (name) => {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error(`the stream ended before an event ${name}`);
      if (value.name === name) return value;
    }
  };
}

async function* parse(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.split(':')[0], line.replace(/^[^:]*:/, '')]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      yield { id: fields.get('id') ?? '', name: fields.get('event') ?? '', data: JSON.parse(data) as never };
    }
  }
  return undefined;
}
