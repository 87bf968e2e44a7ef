import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SwarmHash } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { EngineServices } from '../services.ts';
import { shakeIncoming } from './encryption.ts';
import type { ShakenHands } from './handshake.ts';
import { PeerSocket, plainAddress } from './socket.ts';

/**
 * Takes connections in. Before a byte is read the address has to have a place left; before anything is answered a
 * whole handshake has to have come, in time, for a swarm that is here.
 */
export class Listener {
  readonly #services: EngineServices;
  readonly #server: Server;
  /** Connections that have not shaken hands. */
  readonly #strangers = new Set<PeerSocket>();
  readonly #onHandshake: (shaken: ShakenHands) => void;
  readonly #findRequest: (requestHash: Uint8Array) => SwarmHash | undefined;

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

  /** Begins to listen. Throws `cannot-listen`. */
  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(
          new SwarmError('cannot-listen', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
        );
      });
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', () => undefined); // one connection could not be accepted, for want of descriptors
        const { address, port: taken } = this.#server.address() as AddressInfo;
        resolve({ host: address, port: taken });
      });
    });
  }

  async close(): Promise<void> {
    const reason = new SwarmError('closed', 'the engine was closed');
    for (const socket of this.#strangers) socket.close(reason);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #take(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    const { reserve, released, options } = this.#services;
    if (host === '' || !reserve(host)) {
      socket.destroy();
      return;
    }
    const stranger = new PeerSocket(socket, { host, port: socket.remotePort ?? 0 });
    this.#strangers.add(stranger);
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
