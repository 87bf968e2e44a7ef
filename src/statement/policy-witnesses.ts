import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { concatBytes, fromBase64, TextFormError, toHex, toUtf8 } from '../bytes/index.ts';
import { distinct } from './fields.ts';

const VKEY = /^([^\s+]{1,80})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/;
/** C2SP signature types of an Ed25519 key: who signs plain notes, and who cosigns checkpoints. */
const TYPES = { note: 0x01, cosignature: 0x04 } as const;

/** A vkey whose key id is that of its name, type and key. */
function vkey(type: keyof typeof TYPES) {
  return z.string().refine((text) => {
    const [, name = '', keyId, encoded = ''] = VKEY.exec(text) ?? [];
    try {
      const material = fromBase64(encoded);
      const id = toHex(sha256(concatBytes(toUtf8(`${name}\n`), material)).subarray(0, 4));
      return material[0] === TYPES[type] && material.length === 33 && id === keyId;
    } catch (cause) {
      if (cause instanceof TextFormError) return false;
      throw cause;
    }
  }, `give the vkey of an Ed25519 key of type ${TYPES[type]}, <name>+<8 hex digits>+<base64>, its name at most 80 characters`);
}

/** Keys that sign what a log shows, and how many of them must have. None: nobody is asked. */
export function cosigners(type: keyof typeof TYPES, largestQuorum: number) {
  return z
    .strictObject({
      keys: distinct(vkey(type), 16).default([]),
      quorum: z.int().min(0).max(largestQuorum).default(0),
    })
    .refine(
      // One key under two names would be a quorum of its own.
      ({ keys }) => new Set(keys.map((text) => text.slice(text.lastIndexOf('+')))).size === keys.length,
      'give each key once, under one name',
    )
    .refine(
      ({ keys, quorum }) => quorum <= keys.length && (quorum > 0 || keys.length === 0),
      'give a quorum between one and the number of keys',
    )
    .prefault({});
}
