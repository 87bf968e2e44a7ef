import { connection } from '../api/live.ts';
import { status } from '../store.ts';
import { counted } from '../view/text.ts';
import { Logo } from './logo.tsx';
import { Foreign } from './text.tsx';

const CONNECTION = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' } as const;

/** Whose network this is, under which policy, and how large. */
export function Header() {
  const network = status.value;
  return (
    <header class="top">
      <div class="top-inner">
        <a class="brand" href="/" aria-label="bitquorum: all releases">
          <Logo />
          <span class="brand-name">bitquorum</span>
        </a>
        {network && (
          <dl class="network">
            <div>
              <dt>Log</dt>
              <dd>
                <code>
                  <Foreign text={network.origin} />
                </code>
              </dd>
            </div>
            <div>
              <dt>Policy</dt>
              <dd>
                <Foreign text={network.policy.name} />
                {network.policy.demo && <span class="badge">demo policy: short windows</span>}
              </dd>
            </div>
            <div>
              <dt>Size</dt>
              <dd>
                {counted(network.size, 'entry', 'entries')} · {counted(network.builders, 'builder')}
              </dd>
            </div>
          </dl>
        )}
        <p class={`live live-${connection.value}`} role="status">
          <span class="live-dot" aria-hidden="true" />
          {CONNECTION[connection.value]}
        </p>
      </div>
    </header>
  );
}
