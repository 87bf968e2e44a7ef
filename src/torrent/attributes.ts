import type { BencodeNode } from '../bencode/index.ts';
import { bytesAt } from './fields.ts';

/** What `attr` says about a file (BEP 47). Unknown letters are ignored. */
export interface Attributes {
  readonly executable: boolean;
  readonly pad: boolean;
  readonly symlink: boolean;
}

const LETTER = { x: 0x78, p: 0x70, l: 0x6c } as const;

export function attributesOf(file: BencodeNode): Attributes {
  const attr = bytesAt(file, 'attr') ?? new Uint8Array();
  return {
    executable: attr.includes(LETTER.x),
    pad: attr.includes(LETTER.p),
    symlink: attr.includes(LETTER.l),
  };
}
