/** An exact fraction in lowest terms with a positive denominator; every finite double is one. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  /** Throws RangeError where the denominator is 0. */
  constructor(numerator: bigint, denominator: bigint = 1n) {
    if (denominator === 0n)
      throw new RangeError(`${numerator}/0 is not a rational number; check the divisor`);
    const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    this.numerator = numerator / divisor;
    this.denominator = denominator / divisor;
  }

  /** The exact value of a double. Throws RangeError unless it is finite. */
  static fromNumber(value: number): Rational {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is not a rational number; pass a finite one`);
    let numerator = value;
    let denominator = 1n;
    while (!Number.isInteger(numerator)) {
      numerator *= 2; // exact: numbers with a fraction are below 2^52
      denominator *= 2n;
    }
    return new Rational(BigInt(numerator), denominator);
  }

  add(other: Rational): Rational {
    return new Rational(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  sub(other: Rational): Rational {
    return this.add(new Rational(-other.numerator, other.denominator));
  }

  mul(other: Rational): Rational {
    return new Rational(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** Throws RangeError where the divisor is 0. */
  div(other: Rational): Rational {
    return new Rational(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  abs(): Rational {
    return this.numerator < 0n ? new Rational(-this.numerator, this.denominator) : this;
  }

  /** Negative, zero or positive as this is below, equal to or above the other. */
  compare(other: Rational): number {
    return Number(this.sub(other).numerator);
  }

  /** For printing: within one unit in the last place where 2^-900 < |value| < 2^1000. */
  toNumber(): number {
    const bits = (value: bigint) => value.toString(2).length;
    const scale = Math.max(0, 64 + bits(this.denominator) - bits(this.numerator));
    return Number((this.numerator << BigInt(scale)) / this.denominator) / 2 ** scale;
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
