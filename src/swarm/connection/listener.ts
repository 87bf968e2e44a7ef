import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SwarmHash } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { EngineServices } from '../services.ts';
import { shakeIncoming } from './encryption.ts';
import type { ShakenHands } from './handshake.ts';
import { PeerSocket, plainAddress } from './socket.ts';

/** Which part of the time for shaking hands everybody has, even when others wait. */
const GRACE = 0.2;

/**
 * Takes connections in. Before a byte is read the address has to have a place left; before anything is answered a
 * whole handshake has to have come, in time, for a swarm that is here.
 */
export class Listener {
  readonly #services: EngineServices;
  readonly #server: Server;
  /** Connections that have not shaken hands, with the time they came, the oldest first. */
  readonly #strangers = new Map<PeerSocket, number>();
  readonly #onHandshake: (shaken: ShakenHands) => void;
  readonly #findRequest: (requestHash: Uint8Array) => SwarmHash | undefined;
  #beginning: Promise<unknown> | undefined;

  constructor(
    services: EngineServices,
    findRequest: (requestHash: Uint8Array) => SwarmHash | undefined,
    onHandshake: (shaken: ShakenHands) => void,
  ) {
    this.#services = services;
    this.#findRequest = findRequest;
    this.#onHandshake = onHandshake;
    this.#server = createServer((socket) => this.#take(socket));
  }

  /** Begins to listen. Throws `cannot-listen`, and `closed` when the engine is. */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    this.#services.closing.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<{ host: string; port: number }>();
    this.#beginning = promise;
    this.#server.once('error', (cause) => {
      reject(
        new SwarmError(
          'cannot-listen',
          `cannot listen on ${host}:${port} (${cause.message}): give another address or port`,
          { cause },
        ),
      );
    });
    this.#server.listen({ host, port }, () => {
      this.#server.removeAllListeners('error');
      this.#server.on('error', () => undefined); // one connection could not be accepted, for want of descriptors
      const { address, port: taken } = this.#server.address() as AddressInfo;
      resolve({ host: address, port: taken });
    });
    return promise;
  }

  async close(): Promise<void> {
    // A server that is closed while its address is looked up would begin to listen all the same.
    await this.#beginning?.catch(() => undefined);
    const reason = new SwarmError('closed', 'the engine was closed');
    for (const socket of this.#strangers.keys()) socket.close(reason);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** How many have not shaken hands. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Lets go who came first and still has not shaken hands, unless all are new; tells whether there was one. */
  dropStranger(): boolean {
    const { now, options } = this.#services;
    for (const [socket, sinceMs] of this.#strangers) {
      if (now() - sinceMs < options.handshakeTimeoutMs * GRACE) return false;
      socket.close(new SwarmError('timed-out', 'no handshake came, and others wait for the place'));
      return true;
    }
    return false;
  }

  #take(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    const { reserve, released, makeRoom, now, options } = this.#services;
    if (host === '' || !(reserve(host) || (makeRoom(host) && reserve(host)))) {
      socket.destroy();
      return;
    }
    const stranger = new PeerSocket(socket, { host, port: socket.remotePort ?? 0 });
    this.#strangers.set(stranger, now());
    shakeIncoming(
      stranger,
      {
        policy: options.encryption,
        timeoutMs: options.handshakeTimeoutMs,
        findRequest: this.#findRequest,
      },
      (shaken) => {
        this.#strangers.delete(stranger);
        this.#onHandshake(shaken);
      },
      () => {
        this.#strangers.delete(stranger);
        released(host);
      },
    );
  }
}
