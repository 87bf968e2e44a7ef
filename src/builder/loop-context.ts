import type { TallyClient } from '../client/index.ts';
import type { PrivateKey } from '../statement/index.ts';
import type { BuilderEvent } from './builder-event.ts';
import type { BuildRecord, RecordStore } from './record.ts';
import type { Registration } from './register.ts';
import type { Seeder } from './seeder.ts';
import type { BuilderStrategy } from './strategy.ts';

/** What a running builder works with. */
export interface LoopContext {
  readonly client: TallyClient;
  readonly origin: string;
  readonly logKey: string;
  readonly signer: PrivateKey;
  readonly registration: Registration;
  readonly dataFolder: string;
  readonly cacheFolder: string;
  readonly trusted: boolean;
  readonly strategy: BuilderStrategy;
  readonly records: RecordStore;
  readonly known: Map<string, BuildRecord>;
  readonly seeder: Seeder;
  readonly signal: AbortSignal;
  readonly onEvent: (event: BuilderEvent) => void;
}
