import { EventEmitter } from 'node:events';
import type { PeerAddress } from '../../wire/index.ts';
import type { SwarmError } from '../error.ts';
import type { SwarmProgress } from '../progress.ts';
import type { Swarm } from '../swarm.ts';

/** What happened to a peer. */
export interface PeerChange {
  readonly change: 'connected' | 'left' | 'unreachable';
  readonly address: PeerAddress;
  readonly direction: 'incoming' | 'outgoing';
  /** Why it left, or could not be reached. */
  readonly reason?: SwarmError;
}

/** What a swarm tells whoever started it. */
export interface SwarmEvents {
  /** The info dictionary of a magnet link came, verified. */
  onMetadata?(infoBytes: Uint8Array): void;
  /** All content is on disk and verified. */
  onComplete?(): void;
  /** Nothing more can be done: disk, contradiction, or content that changed. */
  onFailure?(error: SwarmError): void;
  /** Something went wrong that others make up for: a peer was banned, a tracker did not answer. */
  onTrouble?(error: SwarmError): void;
  /** A peer was connected, left, or could not be reached. */
  onPeer?(change: PeerChange): void;
}

/** The events of an engine, each with one object that names the swarm. */
export interface EngineEvents {
  /** About once a second for each swarm. */
  progress: [{ readonly swarm: Swarm; readonly progress: SwarmProgress }];
  /** A peer was connected, left, or could not be reached. */
  peer: [{ readonly swarm: Swarm } & PeerChange];
  /** Something went wrong that others make up for: a peer was banned, a tracker did not answer. */
  trouble: [{ readonly swarm: Swarm; readonly error: SwarmError }];
  /** The info dictionary of a magnet link came, verified. */
  metadata: [{ readonly swarm: Swarm }];
  /** All content is here and verified. */
  complete: [{ readonly swarm: Swarm }];
  /** A swarm cannot go on: disk, contradiction, or content that changed. */
  failure: [{ readonly swarm: Swarm; readonly error: SwarmError }];
}

/**
 * An emitter whose listeners are called once the engine is done with what it is doing: what they throw is an uncaught
 * exception of their program, and never upsets a transfer. Without listeners an event costs one look.
 */
export class Teller extends EventEmitter<EngineEvents> {
  /** Tells all listeners soon. `describe` is called only when there are some. */
  protected tell<Name extends keyof EngineEvents>(name: Name, describe: () => EngineEvents[Name][0]): void {
    if (this.listenerCount(name) === 0) return;
    const event = describe();
    queueMicrotask(() => {
      (this as EventEmitter).emit(name, event);
    });
  }

  /** The events of a swarm, for whoever started it and for the engine's listeners. */
  protected telling(swarmOf: () => Swarm, events: SwarmEvents): SwarmEvents {
    return {
      onMetadata: (infoBytes) => {
        events.onMetadata?.(infoBytes);
        this.tell('metadata', () => ({ swarm: swarmOf() }));
      },
      onComplete: () => {
        events.onComplete?.();
        this.tell('complete', () => ({ swarm: swarmOf() }));
      },
      onFailure: (error) => {
        events.onFailure?.(error);
        this.tell('failure', () => ({ swarm: swarmOf(), error }));
      },
      onTrouble: (error) => {
        events.onTrouble?.(error);
        this.tell('trouble', () => ({ swarm: swarmOf(), error }));
      },
      onPeer: (change) => {
        events.onPeer?.(change);
        this.tell('peer', () => ({ swarm: swarmOf(), ...change }));
      },
    };
  }
}
