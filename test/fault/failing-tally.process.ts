// Run by failing-file.test.ts, with failing-file.c loaded.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { Monitor } from '../../src/monitor/index.ts';
import { parseNote, signNote } from '../../src/note/index.ts';
import { initTally, type RunningTally, startTally } from '../../src/service/index.ts';
import { generateKey, makeStatement, type PrivateKey, signStatement } from '../../src/statement/index.ts';
import { parsePolicyToml } from '../../src/tally/index.ts';
import { ManualClock } from '../service/manual-clock.ts';
import { ask, type Cast, makeCast, policyToml, post, until } from '../service/tally-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type FileCall, type FileFault, withFault } from './failing-file.ts';

/** How the replacement of a file fails, and whether the new content is there afterwards. */
const FAULTS: readonly (readonly [FileCall, FileFault, string, boolean])[] = [
  ['write', 'before', '.new', false],
  ['sync', 'before', '.new', false],
  ['sync', 'after', '.new', false],
  ['rename', 'before', '', false],
  ['rename', 'after', '', true],
];
const MONITORS = Array.from({ length: FAULTS.length + 2 }, (_, at) => generateKey(`m${at}.example`));

/** A tally with a state that nobody has signed but the first monitor, which vouches by it for a policy to come. */
class Scene {
  readonly dataFolder = join(temporaryFolder('failing'), 'data');
  readonly #t: TestContext;
  readonly #cast: Cast = makeCast();
  readonly #clock = new ManualClock(Date.now());
  #tally: RunningTally | undefined;

  constructor(t: TestContext) {
    this.#t = t;
  }

  async init(): Promise<void> {
    const founders = this.#cast.founders.slice(0, 1);
    await initTally({
      dataFolder: this.dataFolder,
      policyToml: this.#rules(1),
      founders,
      clock: this.#clock,
    });
    await this.start();
  }

  /** Starts the tally, anew where it runs. */
  async start(): Promise<void> {
    await this.#tally?.close();
    const tally = await startTally({ dataFolder: this.dataFolder, clock: this.#clock });
    this.#t.after(() => tally.close());
    this.#tally = tally;
  }

  /** Logs a policy to come; resolves to its index once a state after it is published. */
  async policy(): Promise<number> {
    const { origin } = this.#running;
    const effectiveMs = this.#clock.nowMs() + 14.1 * 86_400_000;
    const rules = parsePolicyToml(this.#rules(2));
    const said = { origin, timeMs: this.#clock.nowMs(), rules, effectiveMs };
    const statement = makeStatement('policy', { name: 'policy', sha256: '11'.repeat(32) }, said);
    const envelope = signStatement(statement, this.#cast.founders.slice(0, 1));
    const { body } = await post(this.#running, envelope, '?wait=inclusion');
    this.#clock.advance(1); // a state follows at once
    const { url } = this.#running;
    await until(
      async () => Number(/\n(\d+)\n/.exec(String((await ask(`${url}/checkpoint`)).body['text']))?.[1]),
      (size) => size > Number(body['index']) + 1,
    );
    return Number(body['index']);
  }

  /** One round of the first monitor. */
  async watch(): Promise<void> {
    const { url, logKey } = this.#running;
    const [signer] = MONITORS;
    assert.ok(signer);
    const folder = temporaryFolder('failing');
    const nowMs = (): number => this.#clock.nowMs();
    const monitor = await Monitor.open({ tally: url, logKey, folder, nowMs, signer });
    await monitor.round(new AbortController().signal);
  }

  async sign(index: number, text: string, monitor: PrivateKey): Promise<number> {
    const body = Buffer.from(signNote(text, [monitor]));
    return (await ask(this.#signatures(index), { method: 'POST', body })).status;
  }

  /** What a state's signed note says, and whose signatures it shows. */
  async signed(index: number): Promise<{ readonly text: string; readonly names: readonly string[] }> {
    const { text, signatures } = parseNote(toUtf8(String((await ask(this.#signatures(index))).body['text'])));
    return { text, names: signatures.map(({ name }) => name) };
  }

  get #running(): RunningTally {
    assert.ok(this.#tally);
    return this.#tally;
  }

  #signatures(index: number): string {
    return `${this.#running.url}/api/v1/states/${index}/signatures`;
  }

  #rules(minimumVotes: number): string {
    const keys = JSON.stringify(MONITORS.map(({ vkey }) => vkey));
    const rules = policyToml(this.#cast).replace(/minimumVotes = .*/, `minimumVotes = ${minimumVotes}`);
    return `${rules}\n[monitors]\nquorum = 1\nkeys = ${keys}\n`;
  }
}

test('monitors’ signatures on a state', async (t) => {
  const scene = new Scene(t);
  await scene.init();
  const index = (await scene.policy()) + 1;
  await scene.watch();
  const { text, names } = await scene.signed(index);
  const [, last, ...others] = MONITORS;
  const given = [...names];
  for (const [at, [call, fault, ending, persists]] of FAULTS.entries()) {
    const monitor = others[at];
    assert.ok(monitor);
    const what = `${call} ${ending}, ${fault}`;
    const order = [call, fault, `${index}.note${ending}`] as const;
    assert.equal(await withFault(order, () => scene.sign(index, text, monitor)), 500, what);
    assert.deepEqual((await scene.signed(index)).names, given, 'what failed is not shown');
    await scene.start();
    assert.deepEqual((await scene.signed(index)).names, persists ? [...given, monitor.name] : given, what);
    assert.equal(await scene.sign(index, text, monitor), 204);
    given.push(monitor.name);
    await scene.start();
    assert.deepEqual((await scene.signed(index)).names, given, 'what was acknowledged stands');
  }
  assert.ok(last);
  const order = ['rename', 'after', `${index}.note`] as const;
  assert.equal(await withFault(order, () => scene.sign(index, text, last)), 500);
  assert.equal(await scene.sign(index, text, last), 204, 'the same program goes on');
  assert.deepEqual((await scene.signed(index)).names, [...given, last.name]);
});

for (const [call, fault, ending, persists] of FAULTS) {
  test(`what vouches for a policy: ${call} ${ending}, ${fault}`, async (t) => {
    const scene = new Scene(t);
    await scene.init();
    const policy = await scene.policy();
    const index = policy + 1;
    const order = [call, fault, `${policy}.state${ending}`] as const;
    const file = join(scene.dataFolder, 'vouchers', `${policy}.state`);
    await withFault(order, () => scene.watch());
    assert.equal(existsSync(file), persists);
    const { text, names } = await scene.signed(index);
    assert.deepEqual(names, ['m0.example'], 'the signature was kept before');
    await scene.start();
    assert.equal(existsSync(file), persists);
    const [monitor] = MONITORS;
    assert.ok(monitor);
    assert.equal(await scene.sign(index, text, monitor), 204, 'it is given again');
    assert.ok(existsSync(file));
    await scene.start();
    assert.deepEqual((await scene.signed(index)).names, names);
  });
}

test('nobody is told that a voucher is kept while its write, which fails, is on its way', async (t) => {
  const scene = new Scene(t);
  await scene.init();
  const policy = await scene.policy();
  const [monitor] = MONITORS;
  assert.ok(monitor);
  const file = join(scene.dataFolder, 'vouchers', `${policy}.state`);
  await withFault(['write', 'before', `${policy}.state.new`], () => scene.watch());
  const { text } = await scene.signed(policy + 1);
  const answers = await withFault(['rename', 'before', `${policy}.state`], () =>
    Promise.all(
      Array.from({ length: 6 }, async () => {
        const status = await scene.sign(policy + 1, text, monitor);
        return { status, isKept: existsSync(file) };
      }),
    ),
  );
  assert.ok(answers.some(({ status }) => status === 500));
  for (const { status, isKept } of answers) assert.ok(status === 500 || isKept, `${status} without a file`);
});
