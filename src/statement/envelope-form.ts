import { z } from 'zod';
import { hex32 } from './fields.ts';
import { hasKeys, isHex32 } from './plain-checks.ts';

/** The only payload type taken (in-toto's DSSE binding). */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The JSON of an envelope: base64 and lengths are not looked at here. */
export const envelopeSchema = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: z.string(),
  signatures: z.array(z.strictObject({ keyid: hex32, sig: z.string() })).min(1),
});

export type EnvelopeForm = z.infer<typeof envelopeSchema>;

/** What {@link envelopeSchema} says, for JSON, in a fraction of its time; it alone says what is wrong. */
export function hasEnvelopeForm(json: unknown): json is EnvelopeForm {
  if (!hasKeys(json, 3)) return false;
  const { payloadType, payload, signatures } = json;
  if (payloadType !== PAYLOAD_TYPE || typeof payload !== 'string' || !Array.isArray(signatures)) return false;
  return signatures.length > 0 && signatures.every(isSignature);
}

function isSignature(json: unknown): boolean {
  return hasKeys(json, 2) && isHex32(json['keyid']) && typeof json['sig'] === 'string';
}
