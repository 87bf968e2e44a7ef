/** Codecs of peers and trackers: pure, bounded, without sockets or clocks (BEP 3, 6, 7, 9, 10, 15, 23, 41, 48, 52; MSE). */
export { MessageDecoder, type MessageSink } from './decoder.ts';
export { encodeMessage, PIECE_HEADER_BYTES, REQUEST_BYTES, writePieceHeader, writeSpan } from './encode.ts';
export { WireError, type WireErrorCode } from './error.ts';
export {
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  encodeExtensionHandshake,
  parseExtensionHandshake,
} from './extension.ts';
export {
  encodeHandshake,
  HANDSHAKE_BYTES,
  type Handshake,
  isHandshakeStart,
  parseHandshake,
  type SwarmHash,
} from './handshake.ts';
export { isHashRange, isSameRange, uncleCount } from './hash-range.ts';
export {
  encodeIdentityMessage,
  IDENTITY_EXTENSION,
  type IdentityChallenge,
  type IdentityProof,
  type IdentityRefusal,
  parseIdentityMessage,
} from './identity.ts';
export { challengeText, type IdentityConnection, mappedAddress, proofText } from './identity-texts.ts';
export {
  type DhtAnswer,
  type DhtContact,
  type DhtQuestion,
  encodeKrpc,
  type KrpcMessage,
} from './krpc.ts';
export type { WireLimits } from './limits.ts';
export type { BlockSpan, HashRange, PeerMessage } from './message.ts';
export {
  encodeMetadataMessage,
  METADATA_EXTENSION,
  METADATA_PIECE_BYTES,
  type MetadataMessage,
  parseMetadataMessage,
} from './metadata.ts';
export {
  MSE_KEY_BYTES,
  MSE_PAD_BYTES,
  MSE_PLAIN,
  MSE_RC4,
  type MseCipher,
  type MseKeys,
  type MseStep,
  mseRequestHash,
} from './mse.ts';
export { MseInitiator } from './mse-initiator.ts';
export { MseResponder } from './mse-responder.ts';
export { isNodeIdFor, nodeIdFor } from './node-id.ts';
export { parseKrpc } from './parse-krpc.ts';
export {
  addressBytes,
  encodeCompactPeers,
  formatPeerAddress,
  type PeerAddress,
  parseCompactPeers,
  parsePeerAddress,
} from './peer-address.ts';
export { addressGroup, socketAddressBytes } from './socket-address.ts';
export {
  type AnnounceEvent,
  type AnnounceRequest,
  formatAnnounceUrl,
  formatScrapeUrl,
  parseAnnounceQuery,
  parseScrapeQuery,
} from './tracker-request.ts';
export {
  type AnnounceResponse,
  encodeAnnounceResponse,
  encodeScrapeResponse,
  encodeTrackerFailure,
  type PeerForm,
  parseAnnounceResponse,
  parseScrapeResponse,
  type ScrapeCounts,
  type TrackedPeer,
} from './tracker-response.ts';
export {
  encodeUdpAnnounce,
  encodeUdpConnect,
  parseUdpAnswer,
  UDP_CONNECTION_MS,
  type UdpAnswer,
} from './udp-tracker.ts';
