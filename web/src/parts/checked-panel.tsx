import type { ComponentChildren } from 'preact';
import { alarms, countMatches, keyChanged, progress, result } from '../check/checker.ts';
import type { CheckResult } from '../check/messages.ts';
import { shortHash } from '../view/hash.ts';
import { counted, groupDigits, visibleText } from '../view/text.ts';

/** What this page found when it read the log itself instead of believing the tally. */
export function CheckedPanel() {
  const found = result.value;
  return (
    <section class="panel checked" aria-labelledby="checked-title">
      <h2 id="checked-title">Checked by this page</h2>
      {found ? (
        <ul class="checks">
          <Found found={found} />
          {keyChanged.value && (
            <Line good={false}>At your last visit the log at this address had another key.</Line>
          )}
        </ul>
      ) : (
        <Working />
      )}
      <p class="soft">
        Your browser reads the log itself and counts again, by the same code as the tally. A tally that wants
        to lie can still send a page that lies: <code>bitquorum get</code> does all of this without it.
      </p>
    </section>
  );
}

function Working() {
  const at = progress.value;
  if (!at) return <p role="status">Reading the log …</p>;
  return (
    <>
      <p role="status">Reading the log …</p>
      <progress max={at.total} value={at.done} aria-label="Entries read" />
    </>
  );
}

function Found({ found }: { found: CheckResult }) {
  if (alarms.value.length > 0) return <Line good={false}>It does not fit: see the top of this page.</Line>;
  switch (found.kind) {
    case 'counted':
      return (
        <>
          <Line good>
            {counted(found.head.size, 'entry', 'entries')}: root <code>{shortHash(found.head.root)}</code>{' '}
            matches
          </Line>
          <Line good>{counted(found.signatures, 'signature')} verified</Line>
          {!isSecureContext && (
            <li>this page came over plain http: who stands in between could have changed the page itself</li>
          )}
          {countMatches.value ? <Line good>the count matches</Line> : <li role="status">counting again …</li>}
        </>
      );
    case 'too-long':
      return (
        <Line good={false}>
          Not checked: the log has {groupDigits(found.size)} entries, and a page reads{' '}
          {groupDigits(found.limit)} at most.
        </Line>
      );
    case 'alarm':
      return <Line good={false}>{visibleText(found.reason)}</Line>;
    case 'undone':
      return <Line good={false}>Not checked: {visibleText(found.reason)}. It is tried again.</Line>;
    default:
      return found satisfies never;
  }
}

function Line({ good, children }: { good: boolean; children: ComponentChildren }) {
  return (
    <li class={good ? 'check check-good' : 'check check-not'}>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={good ? 'M3 8.500l3.200 3.200L13 5' : 'M8 3.500v5.500M8 12v.5'} />
      </svg>
      <span>{children}</span>
    </li>
  );
}
