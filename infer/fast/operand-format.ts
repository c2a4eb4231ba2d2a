/** How a kernel takes the operands of a dot product: 32 bits of activations beside 32 bits of weights. */
export interface OperandFormat {
  readonly bytes: 1 | 2;
  /** What the kernel adds to each activation, which the effective bias takes back. */
  readonly offset: 0 | 128;
}

/** The operands of one sum. */
export const WORD_BYTES = 4;

export const INT16: OperandFormat = { bytes: 2, offset: 0 };
