import type { TestContext } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';

/** What a download may take in a test at most. */
export const signal = (): AbortSignal => AbortSignal.timeout(30_000);

/** An engine that listens, and is closed when the test is over. */
export async function startEngine(
  context: TestContext,
  options: ConstructorParameters<typeof Engine>[0] = {},
): Promise<{ engine: Engine; address: { host: string; port: number } }> {
  const engine = new Engine(options);
  context.after(() => engine.close());
  return { engine, address: await engine.listen() };
}
