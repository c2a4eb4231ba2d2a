/** Bit fields inside rows of 32-bit words: elements of flattened ports are not aligned to words. */

/** Writes the low `width` bits (1..32) of `value` at bit `position`, counted from the first word. */
export function writeBits(words: Uint32Array, position: number, width: number, value: number): void {
  const word = position >>> 5;
  const shift = position & 31;
  const mask = 0xffff_ffff >>> (32 - width);
  const field = (value & mask) >>> 0;
  words[word] = ((words[word] ?? 0) & ~(mask << shift)) | (field << shift);
  const inFirst = 32 - shift;
  if (width > inFirst) {
    words[word + 1] = ((words[word + 1] ?? 0) & ~(mask >>> inFirst)) | (field >>> inFirst);
  }
}

/** Reads `width` bits (1..32) at bit `position`, as an unsigned number. */
export function readBits(words: Uint32Array, position: number, width: number): number {
  const word = position >>> 5;
  const shift = position & 31;
  let value = (words[word] ?? 0) >>> shift;
  if (shift + width > 32) value |= (words[word + 1] ?? 0) << (32 - shift);
  return (value & (0xffff_ffff >>> (32 - width))) >>> 0;
}

/** Reads `width` bits as two's complement. */
export function readSigned(words: Uint32Array, position: number, width: number): number {
  const unused = 32 - width;
  return (readBits(words, position, width) << unused) >> unused;
}
