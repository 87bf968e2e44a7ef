import type { VerifiedEnvelope } from './verified-envelope.ts';

/** One of a row, and what its envelope came to. */
export interface VerifiedItem<Item> {
  readonly item: Item;
  readonly verified: VerifiedEnvelope;
}

/** Envelopes that are verified ahead of the reader, and how many of them are left when the next are asked for. */
const MOST_AHEAD = 1024;
const LEAST_AHEAD = 512;

/**
 * Verifies a long row of envelopes by `verify`, many at once, and gives them in their order: what a reader of a whole
 * log wants. Throws what `verify` throws in that envelope's turn.
 *
 * @example
 * const verify = (entry: StoredEntry) => pool.verify(entry.envelope);
 * for await (const { item, verified } of verifyInOrder(log.readEntries(0), verify)) count(item.index, verified);
 */
export async function* verifyInOrder<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  verify: (item: Item) => VerifiedEnvelope | Promise<VerifiedEnvelope>,
): AsyncGenerator<VerifiedItem<Item>, void, undefined> {
  const ahead: { readonly item: Item; readonly verified: Promise<VerifiedEnvelope> }[] = [];
  const next = async function* (left: number): AsyncGenerator<VerifiedItem<Item>> {
    for (const { item, verified } of ahead.splice(0, ahead.length - left)) {
      yield { item, verified: await verified };
    }
  };
  for await (const item of items) {
    const verified = (async () => verify(item))();
    verified.catch(() => undefined); // it is thrown in its turn
    ahead.push({ item, verified });
    if (ahead.length >= MOST_AHEAD) yield* next(LEAST_AHEAD);
  }
  yield* next(0);
}
