import { status } from '../store.ts';
import { CopyButton } from './copy-button.tsx';
import { Foreign } from './text.tsx';

/** What a doubter needs: the log itself and its key. */
export function Footer() {
  const network = status.value;
  return (
    <footer class="bottom">
      <div class="bottom-inner">
        <p>
          Nobody has to be believed: all that is counted here is a signed entry in a public, append-only log.
          Read its <a href="/checkpoint">checkpoint</a>, or ask the <a href="/api/v1/status">API</a>.
        </p>
        {network && (
          <div class="log-key">
            <span class="soft">The log’s key</span>
            <code class="wrap">
              <Foreign text={network.logKey} />
            </code>
            <CopyButton text={network.logKey} what="the log’s key" />
          </div>
        )}
      </div>
    </footer>
  );
}
