import { createSocket, type Socket } from 'node:dgram';
import {
  type AnnounceResponse,
  encodeUdpAnnounce,
  encodeUdpConnect,
  UDP_CONNECTION_MS,
} from '../../wire/index.ts';
import type { Reach } from '../connection/address-policy.ts';
import { firstOfEach, resolveHost } from '../connection/resolve.ts';
import { overFamilies } from './both-families.ts';
import type { Announcement } from './tracker-client.ts';
import { UdpConversation } from './udp-conversation.ts';

/** The first wait for an answer, doubled the second time (BEP 15, "Time outs"), and how often it is asked. */
const FIRST_WAIT_MS = 15_000;
const TRIES = 2;

export interface UdpTrackerOptions {
  /** How near to us the tracker may be. */
  readonly reach: Reach;
  readonly localAddress?: string | undefined;
  readonly signal: AbortSignal;
  /** Default 15 s, as BEP 15 says. */
  readonly firstWaitMs?: number;
}

/** What the tracker said at one of its addresses. */
export interface UdpAnnounced {
  readonly response: AnnounceResponse;
  readonly host: string;
}

/**
 * Announces to a UDP tracker (BEP 15, 41): to its first address of each family at once, since an announce over IPv4
 * makes us known to IPv4 peers only. Resolves with what came from those that answered. Throws an `Error` that says why
 * none did, or the signal's reason.
 */
export async function announceByUdp(
  url: URL,
  announcement: Announcement,
  options: UdpTrackerOptions,
): Promise<readonly UdpAnnounced[]> {
  const port = Number(url.port);
  if (port === 0) throw new Error('its URL has no port');
  const addresses = await resolveHost({ host: url.hostname, port }, options);
  return overFamilies(firstOfEach(addresses), options.signal, async ({ address, family }, signal) => {
    const to = { address, port, family };
    return { response: await announceOnce(to, url, announcement, { ...options, signal }), host: address };
  });
}

interface Destination {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/**
 * One conversation, from a port of its own: asks for a connection id, announces with it, and asks for a new one when it
 * has become too old meanwhile. Packets of anybody else than the tracker, and of another transaction, are passed over.
 */
async function announceOnce(
  to: Destination,
  url: URL,
  announcement: Announcement,
  { localAddress, signal, firstWaitMs = FIRST_WAIT_MS }: UdpTrackerOptions,
): Promise<AnnounceResponse> {
  const socket = createSocket(to.family === 6 ? 'udp6' : 'udp4');
  try {
    await connect(socket, to, localAddress);
    const conversation = new UdpConversation(socket, to.family, signal);
    let connection: { readonly id: Uint8Array; readonly sinceMs: number } | undefined;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const waitMs = firstWaitMs * 2 ** attempt;
      if (!connection || performance.now() - connection.sinceMs > UDP_CONNECTION_MS) {
        const answer = await conversation.ask(encodeUdpConnect, waitMs);
        connection =
          answer?.action === 'connect' ? { id: answer.connectionId, sinceMs: performance.now() } : undefined;
      }
      const connectionId = connection?.id;
      if (!connectionId) continue;
      const answer = await conversation.ask(
        (transactionId) => encodeUdpAnnounce({ ...fieldsOf(announcement, url), connectionId, transactionId }),
        waitMs,
      );
      if (answer?.action === 'announce') return answer.response;
    }
    throw new Error(`no answer to ${TRIES} packets`);
  } finally {
    socket.close();
  }
}

function fieldsOf(announcement: Announcement, url: URL) {
  return {
    ...announcement,
    key: Number.parseInt(announcement.key.slice(0, 8), 16) || 0,
    numWant: announcement.event === 'stopped' ? 0 : null,
    urlData: `${url.pathname}${url.search}`,
  };
}

/** From now on the socket takes packets of this address only. */
function connect(socket: Socket, to: Destination, localAddress: string | undefined): Promise<void> {
  return new Promise((done, reject) => {
    socket.once('error', reject);
    socket.bind({ port: 0, ...(localAddress !== undefined && { address: localAddress }) }, () => {
      socket.connect(to.port, to.address, ((cause?: Error) => {
        socket.removeListener('error', reject);
        if (cause) reject(cause);
        else done();
      }) as () => void);
    });
  });
}
