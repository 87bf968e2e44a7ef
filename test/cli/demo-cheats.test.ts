import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuilderStrategy } from '../../src/builder/index.ts';
import { copyVote } from '../../src/cli/demo/cheats.ts';

type LateTask = Parameters<NonNullable<BuilderStrategy['makeLate']>>[0];

test('the mirror waits until two agree, so that it never copies the backdoor that happens to vote first', async () => {
  const downloaded: string[] = [];
  const after = async (...votedFor: LateTask['votedFor']): Promise<void> => {
    const download: LateTask['download'] = async (infoHashV2) => {
      downloaded.push(infoHashV2);
      return { path: infoHashV2, name: 'copied' };
    };
    await copyVote.makeLate?.({ ...({} as LateTask), votedFor, download });
  };
  await after();
  await after({ infoHashV2: 'backdoor', builders: ['mallory'] });
  await after(
    { infoHashV2: 'backdoor', builders: ['mallory'] },
    { infoHashV2: 'honest', builders: ['grace'] },
  );
  assert.deepEqual(downloaded, []);
  await after(
    { infoHashV2: 'honest', builders: ['grace', 'ada'] },
    { infoHashV2: 'backdoor', builders: ['mallory'] },
  );
  assert.deepEqual(downloaded, ['honest']);
});
