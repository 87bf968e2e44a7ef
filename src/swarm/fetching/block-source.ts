/** Who sends blocks: a peer or a web seed. */
export interface BlockSource {
  /** For messages to people. */
  readonly name: string;
  /** Passes over the rest of the block that it is sending: the block came from elsewhere. */
  dropBlock(): void;
}
