import { alarms } from '../check/checker.ts';
import { visibleText } from '../view/text.ts';

const SHOWN = 5;

/** The loud one: the page's own check of the log failed, and nothing here is to be trusted. */
export function Alarm() {
  const reasons = alarms.value;
  return (
    <div role="alert">
      {reasons.length > 0 && (
        <div class="alarm">
          <strong>Do not trust this tally.</strong> This page read the log itself, and it does not fit:
          <ul>
            {reasons.slice(0, SHOWN).map((reason) => (
              <li key={reason}>{visibleText(reason)}</li>
            ))}
          </ul>
          {reasons.length > SHOWN && <p>And {reasons.length - SHOWN} more.</p>}
          <p>Download nothing that it recommends, and tell its operator and others who use it.</p>
        </div>
      )}
    </div>
  );
}
