/** Multiplication in radix 4 (Booth): half as many rows as the multiplier has bits, each by -2, -1, 0, 1 or 2. */
import { type Bit, concat, repeat, type Scope, type Signal, unsignedLiteral } from '../dsl/index.ts';

/** Three neighbours of the multiplier: the digit is middle + below - 2 * high. The lowest has none below. */
export interface Digit {
  readonly high: Bit;
  readonly middle: Bit;
  readonly below?: Bit;
}

/**
 * A value in two's complement times a digit, one bit wider than the value. It is inverted where `high` is set,
 * so the product is short of a 1 there; its top bit is its sign.
 *
 * @param suffix of the names of its wires
 */
export function timesDigit(
  scope: Scope,
  suffix: string,
  value: Signal<'signed'> | Signal<'unsigned'>,
  { high, middle, below }: Digit,
): Signal<'unsigned'> {
  const one = scope.wire(`one${suffix}`, below ? middle.xor(below) : middle);
  const two = scope.wire(`two${suffix}`, high.xor(middle).and(one.not()));
  const once = concat(value.top(), value);
  const twice = concat(value, unsignedLiteral(0, 1));
  const magnitude = once.and(repeat(one, once.width)).or(twice.and(repeat(two, once.width)));
  return scope.wire(`digit${suffix}`, magnitude.xor(repeat(high, once.width)));
}
