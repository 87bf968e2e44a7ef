import { trouble } from '../store.ts';
import { visibleText } from '../view/text.ts';

/** Says that what is shown may be old, and why. */
export function Trouble() {
  return (
    <div role="status">
      {trouble.value !== undefined && (
        <p class="trouble">
          No fresh answer: {visibleText(trouble.value)}. What you see may be old; this page keeps asking.
        </p>
      )}
    </div>
  );
}
