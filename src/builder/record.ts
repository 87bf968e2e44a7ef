import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fromUtf8 } from '../bytes/index.ts';
import { readIfThere, readNamed, replaceFile } from '../files/index.ts';
import { BuilderError } from './errors.ts';
import { removeTree } from './remove-tree.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const common = { format: z.literal(1), release: hex32, package: z.string().max(512) };

const made = {
  ...common,
  /** 64 hex: what makes the commitment impossible to guess; shown by the vote. */
  salt: hex32,
  infoHashV2: hex32,
  output: z.strictObject({
    name: z.string().max(255),
    sizeBytes: z.int().min(0),
    sha256: hex32.optional(),
  }),
};

const schema = z.discriminatedUnion('kind', [
  /** Made in the commit window: to be committed to, voted for and seeded. */
  z.strictObject({ kind: z.literal('made'), ...made }),
  /** Got in the vote window without a commitment: a mirror's. */
  z.strictObject({ kind: z.literal('late'), ...made }),
  /** It could not be built: to be told instead of a commitment. */
  z.strictObject({ kind: z.literal('failed'), ...common, reason: z.string().max(300) }),
  /** The strategy chose to make nothing. */
  z.strictObject({ kind: z.literal('nothing'), ...common }),
]);

/** What a builder did about one release; durable before anything of it is sent. */
export type BuildRecord = z.output<typeof schema>;
/** A record with an artifact. */
export type MadeRecord = Extract<BuildRecord, { kind: 'made' | 'late' }>;

const OWNER_ONLY = 0o600;

/** The records of one builder, one folder a release: `record.json`, `artifact.torrent`, `output/`. */
export class RecordStore {
  readonly #folder: string;

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'releases');
  }

  /** Where the artifact of a release is made and kept. */
  outputFolder(release: string): string {
    return join(this.#folder, release, 'output');
  }

  /** An empty output folder; what a run that was cut off left there goes. */
  async clearOutput(release: string): Promise<string> {
    const folder = this.outputFolder(release);
    await removeTree(folder);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async write(record: BuildRecord, torrent?: Uint8Array): Promise<void> {
    const folder = join(this.#folder, record.release);
    await mkdir(folder, { recursive: true });
    if (torrent !== undefined) await replaceFile(join(folder, 'artifact.torrent'), torrent, OWNER_ONLY);
    await replaceFile(join(folder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`, OWNER_ONLY);
  }

  async torrent(release: string): Promise<Uint8Array> {
    return readNamed(join(this.#folder, release, 'artifact.torrent'));
  }

  /** All records, by release digest. A damaged one stops the builder: guessing could make it contradict itself. */
  async readAll(): Promise<Map<string, BuildRecord>> {
    await mkdir(this.#folder, { recursive: true });
    const records = new Map<string, BuildRecord>();
    for (const release of await readdir(this.#folder)) {
      const path = join(this.#folder, release, 'record.json');
      const bytes = await readIfThere(path); // none of a build that was cut off before it was recorded
      if (bytes !== undefined) records.set(release, parseRecord(path, release, bytes));
    }
    return records;
  }
}

function parseRecord(path: string, release: string, bytes: Uint8Array): BuildRecord {
  let cause: unknown;
  try {
    const parsed = schema.safeParse(JSON.parse(fromUtf8(bytes)));
    if (parsed.success && parsed.data.release === release) return parsed.data;
    cause = parsed.error;
  } catch (error) {
    cause = error;
  }
  throw new BuilderError(
    'bad-state',
    `${path} is damaged: restore it from a backup. Without it this builder cannot open what it committed to; if ` +
      `it has not committed to ${release}, remove the folder`,
    { cause },
  );
}
