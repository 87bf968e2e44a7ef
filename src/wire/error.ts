import { CodedError } from '../bytes/index.ts';

/** Why bytes of a peer or a tracker are refused. */
export type WireErrorCode =
  | 'bad-handshake'
  | 'bad-encryption'
  | 'message-too-long'
  | 'bad-message-length'
  | 'bad-extension'
  | 'bad-metadata-message'
  | 'bad-identity-message'
  | 'bad-compact-peers'
  | 'bad-announce'
  | 'bad-tracker-response'
  | 'bad-krpc';

/** Bytes of a peer or a tracker that break the protocol. The sender is at fault, never this program. */
export class WireError extends CodedError<WireErrorCode> {}
