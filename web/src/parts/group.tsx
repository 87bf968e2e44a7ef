import type { GroupView, ReleaseDetail } from '../api/types.ts';
import { groupBallot, type SeatKind } from '../view/ballot.ts';
import { safeMagnet } from '../view/links.ts';
import { exactBytes, formatBytes } from '../view/measure.ts';
import { counted } from '../view/text.ts';
import { BuilderList } from './builder-list.tsx';
import { CopyButton } from './copy-button.tsx';
import { BitPrint, WholeHash } from './hash.tsx';
import { Seats } from './seats.tsx';
import { Foreign } from './text.tsx';

/** One result that builders came to: its infohash, who seeds it, and how far it is from quorum. */
export function Group({ release, group }: { release: ReleaseDetail; group: GroupView }) {
  const ballot = groupBallot(release, group.infoHashV2, group.counted);
  const kind = ballot.runs[0]?.kind ?? 'empty';
  const members = release.builders.filter((builder) => builder.infoHashV2 === group.infoHashV2);
  const seeders = release.seeders[group.infoHashV2];
  return (
    <article class={`group group-${kind}`} aria-label={`Infohash ${group.infoHashV2.slice(0, 8)}`}>
      <div class="group-head">
        <BitPrint hex={group.infoHashV2} kind={kind} />
        <div class="group-name">
          <WholeHash hex={group.infoHashV2} />
          <span class={`verdict-word verdict-word-${kind}`}>{groupWord(kind, group, release)}</span>
        </div>
      </div>
      <div class="group-votes">
        <Seats ballot={ballot} />
        <span>
          <strong>{counted(group.counted, 'vote')}</strong> of {ballot.seats}
          <span class="soft"> · quorum {ballot.quorum}</span>
          {group.total > group.counted && (
            <span class="soft"> · {group.total - group.counted} not counted</span>
          )}
        </span>
        <span class="seeding">
          <span class={seeders && seeders.live > 0 ? 'pulse' : 'pulse pulse-off'} aria-hidden="true" />
          {seeders
            ? `${counted(seeders.live, 'seeder')} now, ${seeders.reputable} reputable`
            : 'no seeders known'}
        </span>
      </div>
      {group.output && <Output output={group.output} />}
      <BuilderList builders={members} />
      {group.infoHashV2 !== release.winner && <OtherMagnet release={release} group={group} />}
    </article>
  );
}

function groupWord(kind: SeatKind, group: GroupView, release: ReleaseDetail): string {
  if (kind === 'winner') return 'Winner';
  const tied = release.groups.filter((other) => other.counted === group.counted).length > 1;
  if (release.winner === null && group.counted > 0 && tied) return 'Tied';
  if (kind === 'leading') return 'Largest group';
  return group.counted > 0 ? 'Differs' : 'No counted vote';
}

function Output({ output }: { output: NonNullable<GroupView['output']> }) {
  return (
    <dl class="facts">
      <div>
        <dt>Output</dt>
        <dd>
          <Foreign text={output.name} />
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd title={exactBytes(output.sizeBytes)}>{formatBytes(output.sizeBytes)}</dd>
      </div>
      {output.sha256 !== undefined && (
        <div class="facts-wide">
          <dt>SHA-256</dt>
          <dd>
            <WholeHash hex={output.sha256} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function OtherMagnet({ release, group }: { release: ReleaseDetail; group: GroupView }) {
  const magnet = safeMagnet(release.magnets[group.infoHashV2], group.infoHashV2);
  if (magnet === undefined) return null;
  return (
    <details class="warned">
      <summary>Get these bytes all the same</summary>
      <p>
        <strong>These bytes have not won.</strong> They may hold anything, a backdoor included. Fetch them to
        compare, never to run.
      </p>
      <div class="actions">
        <a class="button button-quiet" href={magnet}>
          Open the magnet link
        </a>
        <CopyButton text={magnet} what="the magnet link of bytes that did not win" />
      </div>
    </details>
  );
}
