/** Which of two ids is closer to a target by XOR (BEP 5): below zero for the first. */
export function compareDistance(target: Uint8Array, first: Uint8Array, second: Uint8Array): number {
  for (let at = 0; at < target.length; at += 1) {
    const wanted = target[at] as number;
    const difference = ((first[at] as number) ^ wanted) - ((second[at] as number) ^ wanted);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two ids have in common. */
export function commonBits(first: Uint8Array, second: Uint8Array): number {
  for (let at = 0; at < first.length; at += 1) {
    const difference = (first[at] as number) ^ (second[at] as number);
    if (difference !== 0) return at * 8 + Math.clz32(difference) - 24;
  }
  return first.length * 8;
}
