import { dirname, resolve } from 'node:path';
import { type Metainfo, verifyTorrent } from '../../torrent/index.ts';
import { Bitfield } from '../bitfield.ts';
import { SwarmError } from '../error.ts';
import { PieceHashes } from '../fetching/piece-hashes.ts';
import type { Identity } from '../identity.ts';
import { Layout } from '../layout.ts';
import type { EngineServices } from '../services.ts';
import { type Content, whatStandsAt } from './content.ts';
import { diskStep, isFull } from './disk-error.ts';
import { isRight, openFinished } from './finished-place.ts';
import { keepInfo, keepLayers, readKeptInfo, readKeptLayers } from './kept-metadata.ts';
import { PartialContent } from './partial-content.ts';
import { type PreparedFile, prepareFiles } from './partial-files.ts';
import { flush, flushName, moveToFreePlace, targetExists } from './put-in-place.ts';
import { type RecheckParts, recheck } from './recheck.ts';
import { mustHaveRoom } from './space.ts';
import { Workplace } from './workplace.ts';

export interface PlaceOptions {
  /** Where the content goes in the end. */
  readonly folder: string;
  /** Where the hidden folder stands that it grows in, on the same file system. */
  readonly partialFolder: string;
  readonly isFresh: boolean;
  readonly signal: AbortSignal;
  /** How many bytes are on disk and right, while it looks for them. */
  readonly onChecking: (haveBytes: number, layout: Layout) => void;
}

/** A torrent whose disk side is ready. */
export interface PreparedContent {
  /** With the piece layers that are known. */
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly content: Content;
  /** Pieces that were found on disk and hashed just now. */
  readonly have: Bitfield;
}

/** The disk side of one download: what an earlier one left, the files it grows in, and its way to its place. */
export class DownloadPlace {
  readonly #workplace: Workplace;
  readonly #services: EngineServices;
  readonly #options: PlaceOptions;
  /** Whether an earlier download left anything. */
  readonly #hadContent: boolean;
  #prepared: PreparedContent | undefined;
  /** While it is not in its place. */
  #partial: PartialContent | undefined;
  #files: readonly PreparedFile[] = [];
  #keptLayers = 0;
  #isWritingLayers = false;
  #isUseless = false;

  private constructor(
    workplace: Workplace,
    services: EngineServices,
    options: PlaceOptions,
    hadContent: boolean,
  ) {
    this.#hadContent = hadContent;
    this.#workplace = workplace;
    this.#services = services;
    this.#options = options;
  }

  /** Opens the hidden folder. Throws `in-use` or `disk`. */
  static async open(
    { infoHashV2 }: Identity,
    services: EngineServices,
    options: PlaceOptions,
  ): Promise<DownloadPlace> {
    const workplace = await Workplace.open(options.partialFolder, infoHashV2);
    try {
      if (options.isFresh) await workplace.clear();
      const hadContent = (await whatStandsAt(workplace.contentPath)) !== undefined;
      return new DownloadPlace(workplace, services, options, hadContent);
    } catch (error) {
      workplace.release();
      throw error;
    }
  }

  /** The hidden folder. */
  get path(): string {
    return this.#workplace.path;
  }

  /** Whether all of it stands in its place. */
  get isInPlace(): boolean {
    return this.#prepared !== undefined && this.#partial === undefined;
  }

  /** The info dictionary that an earlier download kept, checked. */
  keptInfo(identity: Identity): Promise<Uint8Array | undefined> {
    return readKeptInfo(this.#workplace, identity.infoHashV2);
  }

  /**
   * Finds what is there already and makes room for the rest. What stands at the target's place is verified: when it
   * is the torrent's, there is nothing to do. Throws `target-exists` when it is not, `disk`, `inconsistent-hybrid`.
   */
  async prepare(metainfo: Metainfo): Promise<PreparedContent> {
    const layout = new Layout(metainfo.pieceLength, metainfo.files);
    this.#prepared =
      (await whatStandsAt(this.targetOf(metainfo))) === undefined
        ? await this.#preparePartial(metainfo, layout)
        : await this.#prepareStanding(metainfo, layout);
    return this.#prepared;
  }

  /** Keeps piece layers for the next time, when there are more than before. */
  async keepLayers(layers: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (layers.size <= this.#keptLayers || this.#isWritingLayers) return;
    this.#isWritingLayers = true;
    this.#keptLayers = layers.size;
    try {
      await keepLayers(this.#workplace, layers);
    } finally {
      this.#isWritingLayers = false;
    }
  }

  /**
   * Moves complete content to its place, in one step and after all its bytes are on the disk. `metainfo` with all its
   * piece layers. Throws `disk` when files are not what was written to them any more, `target-exists` when the place
   * was taken meanwhile; everything is kept then.
   */
  async finish(metainfo: Metainfo): Promise<void> {
    const { layout } = this.#prepared as PreparedContent;
    const partial = this.#partial;
    if (!partial) return;
    const target = this.targetOf(metainfo);
    await this.#mustBeUntouched(metainfo, layout, partial);
    await partial.finish(() =>
      diskStep(target, 'put into place', async () => {
        if ((await whatStandsAt(target)) !== undefined) throw targetExists(target);
        const { syncFiles } = this.#services.options;
        if (syncFiles) await flush(this.#allPaths());
        await moveToFreePlace(this.#workplace.contentPath, target);
        const content = await openFinished(target, metainfo, layout, this.#services);
        if (syncFiles) await flushName(target);
        return content;
      }),
    );
    this.#partial = undefined;
  }

  /** Notes why the download failed; a full disk is told with how much is missing. */
  async explain(error: unknown): Promise<unknown> {
    this.#isUseless = error instanceof SwarmError && error.code === 'inconsistent-hybrid';
    if (!(error instanceof SwarmError) || !isFull(error) || !this.#prepared) return error;
    const { layout, have } = this.#prepared;
    try {
      await mustHaveRoom(this.path, layout.sizeBytes - layout.bytesIn(have), error);
    } catch (explained) {
      return explained;
    }
    return error;
  }

  /**
   * Lets others have the hidden folder. It stays when it holds something that was verified; how many bytes. It goes
   * when the content is in its place, or after an error that says that nothing of it can be trusted.
   */
  async close(): Promise<number> {
    await this.#partial?.close();
    if (!this.#isWorthKeeping) {
      await this.#workplace.remove();
      return 0;
    }
    this.#workplace.release();
    return this.#prepared ? this.#prepared.layout.bytesIn(this.#prepared.have) : 0;
  }

  get #isWorthKeeping(): boolean {
    if (this.#isUseless || this.isInPlace) return false;
    if (this.#prepared && this.#prepared.have.count > 0) return true;
    // What was not looked at, or could not be checked while its hashes are unknown, stays as well.
    if (this.#files.length > 0) return this.#files.some(({ hadData }) => hadData);
    return this.#hadContent;
  }

  /** Where the content stands in the end. */
  targetOf({ name }: Metainfo): string {
    return resolve(this.#options.folder, name);
  }

  async #prepareStanding(metainfo: Metainfo, layout: Layout): Promise<PreparedContent> {
    const { signal, onChecking } = this.#options;
    const target = this.targetOf(metainfo);
    const content = await openFinished(target, metainfo, layout, this.#services);
    const kind = await whatStandsAt(target);
    if (kind !== (metainfo.isTree ? 'folder' : 'file')) throw targetExists(target);
    const { matches, pieceLayers } = await verifyTorrent(metainfo, target, {
      signal,
      onProgress: ({ doneBytes }) => onChecking(doneBytes, layout),
    }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw targetExists(target, cause);
    });
    if (!matches) throw targetExists(target);
    const have = Bitfield.full(layout.pieceCount);
    return { metainfo: { ...metainfo, pieceLayers }, layout, content, have };
  }

  async #preparePartial(metainfo: Metainfo, layout: Layout): Promise<PreparedContent> {
    const workplace = this.#workplace;
    await keepInfo(workplace, metainfo.infoBytes);
    if (metainfo.pieceLayers.size > 0) await this.keepLayers(metainfo.pieceLayers);
    const pieceLayers =
      metainfo.pieceLayers.size > 0 ? metainfo.pieceLayers : await readKeptLayers(workplace, layout);
    this.#keptLayers = pieceLayers.size;
    const root = workplace.contentPath;
    this.#files = await prepareFiles(root, metainfo.isTree, layout.files);
    const missing = this.#files.reduce((sum, { file, storedBytes }) => sum + file.sizeBytes - storedBytes, 0);
    await mustHaveRoom(workplace.path, missing);
    const content = new PartialContent(root, this.#files, this.#services.files);
    this.#partial = content;
    const known = { ...metainfo, pieceLayers };
    const left = this.#files.filter(({ hadData }) => hadData).map(({ file }) => file);
    const have = await recheck(this.#recheckParts(known, layout, content), left);
    return { metainfo: known, layout, content, have };
  }

  async #mustBeUntouched(metainfo: Metainfo, layout: Layout, content: PartialContent): Promise<void> {
    const touched = await content.touchedFiles();
    if (touched.length === 0) return;
    await this.#services.files.forget(this.#workplace.contentPath); // what is open may be another file by now
    const parts = this.#recheckParts(metainfo, layout, content);
    for (const file of touched) {
      if (await isRight(file, parts)) continue;
      throw new SwarmError(
        'disk',
        `${content.pathOf(file)} was changed by somebody else while it was downloaded: download again, ` +
          'which fetches only what is wrong',
      );
    }
  }

  #recheckParts(metainfo: Metainfo, layout: Layout, content: Content): RecheckParts {
    const { pool, runMemory } = this.#services;
    const { signal, onChecking } = this.#options;
    return {
      metainfo,
      layout,
      hashes: new PieceHashes(layout, metainfo.pieceLayers),
      content,
      pool,
      memory: runMemory,
      signal,
      onRight: (haveBytes) => onChecking(haveBytes, layout),
    };
  }

  /** Files and the folders that they are in, the innermost first. */
  #allPaths(): string[] {
    const root = this.#workplace.contentPath;
    const folders = new Set<string>();
    for (const { path } of this.#files) {
      for (let at = path; at !== root && !folders.has(dirname(at)); at = dirname(at))
        folders.add(dirname(at));
    }
    const deepestFirst = [...folders].toSorted((left, right) => right.length - left.length);
    return [...this.#files.map(({ path }) => path), ...deepestFirst];
  }
}
