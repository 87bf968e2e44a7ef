/** Which pieces somebody has: one bit a piece, the first piece in the highest bit of the first byte (BEP 3). */
export class Bitfield {
  readonly bits: Uint8Array;
  readonly length: number;
  #count = 0;

  constructor(length: number) {
    this.length = length;
    this.bits = new Uint8Array(Math.ceil(length / 8));
  }

  /** All of them set. */
  static full(length: number): Bitfield {
    const field = new Bitfield(length);
    field.bits.fill(0xff);
    if (length % 8 !== 0) field.bits[field.bits.length - 1] = (0xff << (8 - (length % 8))) & 0xff;
    field.#count = length;
    return field;
  }

  /** From a peer's message; `undefined` when its length is wrong or a spare bit is set (BEP 3). */
  static from(bits: Uint8Array, length: number): Bitfield | undefined {
    const field = new Bitfield(length);
    if (bits.length !== field.bits.length) return undefined;
    if (length % 8 !== 0 && ((bits[bits.length - 1] as number) & (0xff >> (length % 8))) !== 0)
      return undefined;
    field.bits.set(bits);
    for (let index = 0; index < length; index += 1) if (field.has(index)) field.#count += 1;
    return field;
  }

  /** How many are set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return ((this.bits[index >> 3] as number) & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets a bit; whether it was clear before. */
  set(index: number): boolean {
    if (this.has(index)) return false;
    this.bits[index >> 3] = (this.bits[index >> 3] as number) | (0x80 >> (index & 7));
    this.#count += 1;
    return true;
  }
}
