import type { ReleaseDetail } from '../api/types.ts';
import { alarms } from '../check/checker.ts';
import { status } from '../store.ts';
import { safeMagnet } from '../view/links.ts';
import { shellWord } from '../view/text.ts';
import { CopyButton } from './copy-button.tsx';

/** The two ways to the winner's bytes: a torrent client, or our own command, which checks all of it. */
export function GetIt({ release }: { release: ReleaseDetail }) {
  const magnet =
    release.winner === null ? undefined : safeMagnet(release.magnets[release.winner], release.winner);
  const network = status.value;
  const command = network &&
    (isOpen(release) || release.winner !== null) && [
      `bitquorum get ${shellWord(release.package)}`,
      `--tally ${shellWord(location.origin)}`,
      `--log-key ${shellWord(network.logKey)}`,
    ];
  return (
    <section class="panel" aria-labelledby="get-title">
      <h2 id="get-title">How to get it</h2>
      {release.winner === null || alarms.value.length > 0 ? (
        <p class="soft">{waitWords(release)}</p>
      ) : magnet === undefined ? (
        <p class="soft">The tally gives no magnet link that names the winner.</p>
      ) : (
        <>
          <div class="actions">
            <a class="button button-main" href={magnet}>
              <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d="M3 2v6a5 5 0 0 0 10 0V2h-3v6a2 2 0 0 1-4 0V2zM3 5h3M10 5h3" />
              </svg>
              Open magnet link
            </a>
            <CopyButton text={magnet} what="the winner’s magnet link" />
          </div>
          <p class="soft">A client that knows only BitTorrent v1 checks by SHA-1, which is weaker.</p>
        </>
      )}
      {command && (
        <>
          <p>
            {release.winner === null ? 'Once there is a winner, this' : 'This'} reads the log, counts again,
            downloads, and checks every block:
          </p>
          <div class="command">
            <pre tabIndex={0} aria-label="Command">
              <code>
                {command.map((part, index) => (
                  <>
                    {index > 0 && ' '}
                    <span key={part}>{part}</span>
                  </>
                ))}
              </code>
            </pre>
            <CopyButton text={command.join(' ')} what="the command" />
          </div>
        </>
      )}
    </section>
  );
}

function waitWords(release: ReleaseDetail): string {
  if (alarms.value.length > 0) return 'Not offered: this page’s own check of the log failed.';
  return isOpen(release)
    ? release.state === 'provisional'
      ? 'Not yet: what founders and elders agree on is no verdict.'
      : 'Not yet: there is no winner before the verdict.'
    : 'There is no winner, so there is nothing here to recommend.';
}

function isOpen({ state }: ReleaseDetail): boolean {
  return ['announced', 'committing', 'voting', 'provisional'].includes(state);
}
