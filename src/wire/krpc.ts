import { type Encodable, encode } from '../bencode/index.ts';
import { concatBytes } from '../bytes/index.ts';
import { encodeCompactPeers, type PeerAddress } from './peer-address.ts';

/** A DHT node: its id of 20 bytes, and where it is. */
export interface DhtContact extends PeerAddress {
  readonly id: Uint8Array;
}

/** What a node is asked (BEP 5). Other methods, such as those of BEP 44, are not known here. */
export type DhtQuestion =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node'; readonly target: Uint8Array }
  | { readonly method: 'get_peers'; readonly infoHash: Uint8Array }
  | {
      readonly method: 'announce_peer';
      readonly infoHash: Uint8Array;
      readonly port: number;
      /** The port that the packet came from is meant instead. */
      readonly impliedPort: boolean;
      readonly token: Uint8Array;
    };

/** What a node answers. */
export interface DhtAnswer {
  /** IPv4 nodes that are closer to what was asked for. */
  readonly nodes: readonly DhtContact[];
  /** IPv4 peers of the infohash that was asked for. */
  readonly peers: readonly PeerAddress[];
  /** What it wants to see in an `announce_peer`. */
  readonly token?: Uint8Array;
}

/** One packet of the DHT (BEP 5, "KRPC Protocol"). */
export type KrpcMessage = {
  /** Chosen by whoever asks, 1 to 16 bytes. */
  readonly transactionId: Uint8Array;
} & (
  | {
      readonly type: 'query';
      readonly id: Uint8Array;
      /** The sender answers nobody (BEP 43). */
      readonly readOnly: boolean;
      readonly question: DhtQuestion;
    }
  | {
      readonly type: 'response';
      readonly id: Uint8Array;
      /** Where the sender sees us (BEP 42). */
      readonly seenAs?: PeerAddress;
      readonly answer: DhtAnswer;
    }
  | { readonly type: 'error'; readonly code: number; readonly message: string }
);

/** The packet of a message. */
export function encodeKrpc(message: KrpcMessage): Uint8Array<ArrayBuffer> {
  const { transactionId: t } = message;
  if (message.type === 'error') return encode({ e: [message.code, message.message], t, y: 'e' });
  if (message.type === 'query') {
    const { id, question, readOnly } = message;
    return encode({
      a: { id, ...parametersOf(question) },
      q: question.method,
      ro: readOnly ? 1 : undefined,
      t,
      y: 'q',
    });
  }
  const { id, seenAs, answer } = message;
  const { nodes, peers, token } = answer;
  const seen = seenAs && encodeCompactPeers([seenAs]).v4;
  return encode({
    ip: seen?.length === 6 ? seen : undefined,
    r: {
      id,
      nodes: nodes.length > 0 ? encodeContacts(nodes) : undefined,
      token,
      values: peers.length > 0 ? peers.map((peer) => encodeCompactPeers([peer]).v4) : undefined,
    },
    t,
    y: 'r',
  });
}

function encodeContacts(contacts: readonly DhtContact[]): Uint8Array {
  return concatBytes(
    ...contacts.flatMap((contact) => {
      const { v4 } = encodeCompactPeers([contact]);
      return v4.length === 6 ? [contact.id, v4] : [];
    }),
  );
}

function parametersOf(question: DhtQuestion): { readonly [key: string]: Encodable | undefined } {
  switch (question.method) {
    case 'ping':
      return {};
    case 'find_node':
      return { target: question.target };
    case 'get_peers':
      return { info_hash: question.infoHash };
    case 'announce_peer': {
      const { infoHash, impliedPort, port, token } = question;
      return { implied_port: impliedPort ? 1 : 0, info_hash: infoHash, port, token };
    }
  }
}
