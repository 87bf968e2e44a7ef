import * as z from 'zod';
import { fromHex } from '../../bytes/index.ts';
import type { ProvedState } from '../../log/index.ts';
import { createMapHasher, MerkleMapError, verifyMapProof } from '../../merkle/index.ts';
import { sha256 } from '../../statement/index.ts';
import { ClientError } from '../errors.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const index = z.int().min(0);

/** What the map says of a policy from its entry on. */
const taken = z.object({ payload: hex32 });

const announced = z.object({ index, package: z.string(), release: hex32 });

/** What the state map says, as far as this client reads it (docs/protocol.md lists all fields). */
const readers = {
  policy: z.object({ digest: hex32, index, effectiveMs: index }),
  release: z.object({
    index,
    package: z.string(),
    state: z.string(),
    panel: z.array(hex32).optional(),
    seniors: z.array(hex32).optional(),
    quorum: index.optional(),
    infoHashV2: hex32.optional(),
    verdictIndex: index.optional(),
    supersededBy: hex32.optional(),
  }),
  name: z.object({ live: hex32, rivals: z.array(hex32) }),
  newest: z.object({ final: announced.optional(), urgent: announced.optional() }),
  builder: z.object({ currentKey: hex32, eligible: z.int().min(0).max(1) }),
} as const;

type Kind = keyof typeof readers;
export type LightValueOf<K extends Kind> = z.output<(typeof readers)[K]>;

const hasher = createMapHasher(sha256);

/** The values of a state map that a proof shows, each proved against the root of the `state` entry. */
export class StateValues {
  readonly #values: ReadonlyMap<string, string | undefined>;

  private constructor(values: ReadonlyMap<string, string | undefined>) {
    this.#values = values;
  }

  /** Checks every value of a proof. Throws `mismatch` for one that `root` (hex) does not hold. */
  static prove({ values }: ProvedState, root: string): StateValues {
    const proved = new Map<string, string | undefined>();
    for (const { key, value, proof } of values) {
      try {
        verifyMapProof({ key, value, root: fromHex(root), proof }, hasher);
      } catch (cause) {
        if (!(cause instanceof MerkleMapError)) throw cause;
        throw new ClientError(
          'mismatch',
          `the proof shows what the log's state does not hold: ${cause.message}. Do not trust this tally`,
          { cause },
        );
      }
      proved.set(key, value);
    }
    return new StateValues(proved);
  }

  /** The value of a key; undefined where the map proves that there is none. Throws `mismatch` when the proof is silent. */
  read<K extends Kind>(kind: K, id?: string): LightValueOf<K> | undefined {
    const key = id === undefined ? kind : `${kind}:${id}`;
    if (!this.#values.has(key))
      throw new ClientError('mismatch', `the proof says nothing of ${key}: ask again`);
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const parsed = readers[kind].safeParse(parseJson(value));
    if (parsed.success) return parsed.data as LightValueOf<K>;
    throw unknownForm(key);
  }

  /** A policy that was taken, by the index of its entry. Throws as {@link read} does. */
  readTaken(id: string): z.output<typeof taken> | undefined {
    const value = this.#values.get(`policy:${id}`);
    if (value === undefined) return undefined;
    const parsed = taken.safeParse(parseJson(value));
    if (parsed.success) return parsed.data;
    throw unknownForm(`policy:${id}`);
  }

  /** Whether the proof says anything of a key, be it that there is none. */
  speaksOf(kind: Kind, id: string): boolean {
    return this.#values.has(`${kind}:${id}`);
  }
}

function unknownForm(key: string): ClientError {
  return new ClientError(
    'mismatch',
    `what the state says of ${key} is of no form that this version knows: a newer version may`,
  );
}

/** Undefined for what is no JSON, which every reader refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
