import { resolve } from 'node:path';
import { flushName } from '../../files/index.ts';
import type { Metainfo } from '../../torrent/index.ts';
import { SwarmError } from '../error.ts';
import type { Identity } from '../identity.ts';
import { Layout } from '../layout.ts';
import type { EngineServices } from '../services.ts';
import {
  type CheckParts,
  mustBeUntouched,
  type PreparedContent,
  recheckPartsOf,
  verifyStanding,
} from './check-content.ts';
import { whatStandsAt } from './content.ts';
import { diskStep, isFull } from './disk-error.ts';
import { openFinished } from './finished-place.ts';
import { keepInfo, LayerKeeper, readKeptInfo } from './kept-metadata.ts';
import { PartialContent } from './partial-content.ts';
import { type PreparedFile, prepareFiles } from './partial-files.ts';
import { flushAll, moveToFreePlace, pathsIn, targetExists } from './put-in-place.ts';
import { recheck } from './recheck.ts';
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

/** The disk side of one download: what an earlier one left, the files it grows in, and its way to its place. */
export class DownloadPlace {
  readonly #workplace: Workplace;
  /** Piece layers for the next time. */
  readonly layers: LayerKeeper;
  readonly #services: EngineServices;
  readonly #options: PlaceOptions;
  /** Whether an earlier download left anything. */
  readonly #hadContent: boolean;
  #prepared: PreparedContent | undefined;
  /** While it is not in its place. */
  #partial: PartialContent | undefined;
  #files: readonly PreparedFile[] = [];
  #isUseless = false;

  private constructor(
    workplace: Workplace,
    services: EngineServices,
    options: PlaceOptions,
    hadContent: boolean,
  ) {
    this.#hadContent = hadContent;
    this.#workplace = workplace;
    this.layers = new LayerKeeper(workplace);
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
        : await verifyStanding(this.targetOf(metainfo), this.#parts(metainfo, layout));
    return this.#prepared;
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
    await mustBeUntouched(partial, this.#parts(metainfo, layout), this.#workplace.contentPath);
    await partial.finish(() =>
      diskStep(target, 'put into place', async () => {
        if ((await whatStandsAt(target)) !== undefined) throw targetExists(target);
        const { syncFiles } = this.#services.options;
        if (syncFiles) await flushAll(pathsIn(this.#workplace.contentPath, this.#files));
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

  #parts(metainfo: Metainfo, layout: Layout): CheckParts {
    const { signal, onChecking } = this.#options;
    return { metainfo, layout, services: this.#services, signal, onChecking };
  }

  async #preparePartial(metainfo: Metainfo, layout: Layout): Promise<PreparedContent> {
    const workplace = this.#workplace;
    await keepInfo(workplace, metainfo.infoBytes);
    if (metainfo.pieceLayers.size > 0) await this.layers.keep(metainfo.pieceLayers);
    const pieceLayers = metainfo.pieceLayers.size > 0 ? metainfo.pieceLayers : await this.layers.read(layout);
    const root = workplace.contentPath;
    this.#files = await prepareFiles(root, metainfo.isTree, layout.files);
    const missing = this.#files.reduce((sum, { file, storedBytes }) => sum + file.sizeBytes - storedBytes, 0);
    await mustHaveRoom(workplace.path, missing);
    const content = new PartialContent(root, this.#files, this.#services.files);
    this.#partial = content;
    const known = { ...metainfo, pieceLayers };
    const left = this.#files.filter(({ hadData }) => hadData).map(({ file }) => file);
    const have = await recheck(recheckPartsOf(content, this.#parts(known, layout)), left);
    return { metainfo: known, layout, content, have };
  }
}
