import { concatBytes } from '../../bytes/index.ts';
import {
  formatPeerAddress,
  HANDSHAKE_BYTES,
  type Handshake,
  isHandshakeStart,
  parseHandshake,
} from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { PeerSocket } from './socket.ts';

/** What a handshake led to. */
export interface ShakenHands {
  readonly socket: PeerSocket;
  /** The other side's handshake. */
  readonly remote: Handshake;
  /** Bytes that came right behind it. */
  readonly rest: Uint8Array;
}

/**
 * Waits for the other side's handshake and hands it on synchronously, so that no byte that follows is lost.
 * `first` is what has come already. `done` sets the socket's next listener. What fails, and what takes longer than `timeoutMs`, closes the socket.
 */
export function awaitHandshake(
  socket: PeerSocket,
  timeoutMs: number,
  done: (shaken: ShakenHands) => void,
  failed: (error: SwarmError) => void,
  first?: Uint8Array,
): void {
  const name = formatPeerAddress(socket.address);
  let seen: Uint8Array = new Uint8Array(0);
  const timer = setTimeout(
    () => {
      socket.close(new SwarmError('timed-out', `${name} did not shake hands in time`));
    },
    Math.max(0, timeoutMs),
  );
  const onBytes = (chunk: Uint8Array): void => {
    seen = concatBytes(seen, chunk);
    if (!isHandshakeStart(seen)) {
      socket.close(new SwarmError('peer-broke-protocol', `${name} does not speak BitTorrent`));
    } else if (seen.length >= HANDSHAKE_BYTES) {
      clearTimeout(timer);
      const remote = parseHandshake(seen.subarray(0, HANDSHAKE_BYTES));
      try {
        done({ socket, remote, rest: seen.subarray(HANDSHAKE_BYTES) });
      } catch (cause) {
        const fault = new SwarmError('closed', `${name}: ${(cause as Error).message}`, { cause });
        socket.close(cause instanceof SwarmError ? cause : fault);
      }
    }
  };
  socket.listen(onBytes, (error) => {
    clearTimeout(timer);
    failed(error);
  });
  if (first && first.length > 0) onBytes(first);
}
