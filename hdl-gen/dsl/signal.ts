/**
 * Signals: vectors with a sign and a symbolic width, and the operations on them.
 *
 * - Arithmetic grows: the result of `add`, `sub`, `mul` always holds the exact value.
 * - Nothing is truncated silently: narrowing is `wrap`, `saturate`, `clamp` or `slice`.
 * - Signed and unsigned are different types; `toSigned` (one bit wider, same value) and `asSigned`,
 *   `asUnsigned` (same bits, other meaning) cross over by name.
 */
import { bits, describeError, witness } from './diagnostics.ts';
import { Dimension, type DimensionLike, extremes, larger } from './dimension.ts';
import { currentGuards, currentModule, emit, freshName } from './elaboration.ts';
import type { Comparison, Expression, Sign, Vector, VectorType } from './expression.ts';

export type AnySignal = Signal<Sign>;
/** A signal of one bit that decides something; its width is checked where it is used. */
export type Bit = Signal<'unsigned'>;

/** Signed as soon as one operand is. */
type Joint<S extends Sign, T extends Sign> = 'signed' extends S | T ? 'signed' : 'unsigned';

export class Signal<S extends Sign> implements Vector<S> {
  readonly sign: S;
  readonly width: Dimension;
  readonly expression: Expression;

  constructor(sign: S, width: Dimension, expression: Expression) {
    this.sign = sign;
    this.width = width;
    this.expression = expression;
  }

  /** The sum, one bit wider than the wider operand. */
  add(other: Signal<S>): Signal<S> {
    const width = larger(this.width, other.width, currentGuards()).plus(1);
    return new Signal(this.sign, width, arithmetic('+', this, other, width));
  }

  /** The sum modulo 2^width, as wide as the wider operand: two's complement, or a sum known to fit. */
  addWrap(other: Signal<S>): Signal<S> {
    const width = larger(this.width, other.width, currentGuards());
    const operand = new Signal(this.sign, width, arithmetic('+', this, other, width));
    return new Signal(this.sign, width, { kind: 'modulo', operand });
  }

  /** The difference, signed, one bit wider than the wider operand. */
  sub(other: Signal<S>): Signal<'signed'> {
    const width = larger(this.width, other.width, currentGuards()).plus(1);
    return new Signal('signed', width, arithmetic('-', this, other, width));
  }

  /** The product, as wide as both operands together; signs may be mixed. */
  mul<T extends Sign>(other: Signal<T>): Signal<Joint<S, T>> {
    const sign = (this.sign === 'signed' ? 'signed' : other.sign) as Joint<S, T>;
    const width = this.width.plus(other.width);
    return new Signal(sign, width, arithmetic('*', this, other, width));
  }

  and(other: Signal<S>): Signal<S> {
    return this.#bitwise('&', other);
  }

  or(other: Signal<S>): Signal<S> {
    return this.#bitwise('|', other);
  }

  xor(other: Signal<S>): Signal<S> {
    return this.#bitwise('^', other);
  }

  not(): Signal<S> {
    return new Signal(this.sign, this.width, { kind: 'not', operand: this });
  }

  equals(other: Signal<S>): Bit {
    return this.#compare('==', other);
  }

  lessThan(other: Signal<S>): Bit {
    return this.#compare('<', other);
  }

  greaterThan(other: Signal<S>): Bit {
    return this.#compare('>', other);
  }

  /** One bit: some bit is set. */
  any(): Bit {
    return new Signal('unsigned', one, { kind: 'reduce', operator: '|', operand: this });
  }

  /** One bit: every bit is set. */
  all(): Bit {
    return new Signal('unsigned', one, { kind: 'reduce', operator: '&', operand: this });
  }

  /** Where this bit is set `whenSet`, else `otherwise`; as wide as the wider of the two. */
  select<T extends Sign>(this: Bit, whenSet: Signal<T>, otherwise: Signal<NoInfer<T>>): Signal<T> {
    requireBit(this, 'select');
    const width = larger(whenSet.width, otherwise.width, currentGuards());
    for (const operand of [whenSet, otherwise]) requireExtensible(operand, width);
    return new Signal(whenSet.sign, width, {
      kind: 'select',
      condition: this,
      operands: [whenSet, otherwise],
    });
  }

  /** floor(this / 2^amount), same width; the sign bit moves in where this is signed. */
  shiftRight(amount: Signal<'unsigned'>): Signal<S> {
    return new Signal(this.sign, this.width, { kind: 'shift', operator: '>>', operands: [this, amount] });
  }

  /** this * 2^amount modulo 2^width: same width, what leaves at the top is lost. */
  shiftLeftWrap(amount: Signal<'unsigned'>): Signal<S> {
    return new Signal(this.sign, this.width, { kind: 'shift', operator: '<<', operands: [this, amount] });
  }

  /** {@link shiftLeftWrap} by a number that the parameters determine. */
  placeWrap(amount: DimensionLike): Signal<S> {
    return new Signal(this.sign, this.width, { kind: 'place', operand: this, amount: Dimension.of(amount) });
  }

  /** The same value in `width` bits. */
  extend(width: DimensionLike): Signal<S> {
    const target = Dimension.of(width);
    return new Signal(this.sign, target, { kind: 'extend', operand: fitted(nameOf(this), this, target) });
  }

  /** An unsigned value as a signed one: one bit wider, the same value. */
  toSigned(this: Signal<'unsigned'>): Signal<'signed'> {
    return new Signal('signed', this.width.plus(1), { kind: 'extend', operand: this });
  }

  /** The same bits, read as two's complement. */
  asSigned(): Signal<'signed'> {
    return reinterpret(this, 'signed');
  }

  /** The same bits, read as unsigned. */
  asUnsigned(): Signal<'unsigned'> {
    return reinterpret(this, 'unsigned');
  }

  /** Bits `low` to `low + width - 1`, unsigned. */
  slice(low: DimensionLike, width: DimensionLike): Signal<'unsigned'> {
    const from = Dimension.of(low);
    const size = Dimension.of(width);
    const base = this.#requireName('slice');
    // Verilog has no part-select of a scalar.
    const whole = this.width.constantValue === 1 && from.constantValue === 0 && size.constantValue === 1;
    if (whole) return this.asUnsigned();
    const guards = currentGuards();
    const lowest = extremes(from, guards).minimum;
    const shortest = extremes(size, guards).minimum;
    const highest = extremes(this.width.minus(from).minus(size), guards).minimum;
    for (const outside of [
      lowest.value < 0 ? lowest : undefined,
      shortest.value < 1 ? shortest : undefined,
      highest.value < 0 ? highest : undefined,
    ]) {
      if (!outside) continue;
      throw describeError(
        `${nameOf(this)}: bits ${from.plus(size).minus(1)} to ${from} are not within its ${bits(this.width)}${witness(outside.at)}`,
        'correct the bounds, or extend the signal first',
      );
    }
    return new Signal('unsigned', size, { kind: 'slice', base, low: from });
  }

  bit(index: DimensionLike): Bit {
    return this.slice(index, 1);
  }

  /** The most significant bit: the sign of a signed signal. */
  top(): Bit {
    return this.bit(this.width.minus(1));
  }

  /** Element `index` of a vector of elements of `width` bits each, element 0 at the low end. */
  element(index: DimensionLike, width: DimensionLike): Signal<'unsigned'> {
    return this.slice(Dimension.of(index).times(width), width);
  }

  /** The low `width` bits: the value modulo 2^width, which is what two's complement does on overflow. */
  wrap(width: DimensionLike): Signal<S> {
    const target = Dimension.of(width);
    const low = this.slice(0, target);
    const rest = this.width.minus(target);
    if (extremes(rest, currentGuards()).minimum.value < 1) {
      throw describeError(
        `${nameOf(this)}: wrap(${target}) drops nothing from ${bits(this.width)}`,
        'leave wrap out',
      );
    }
    const name = freshName(`unused_${this.#requireName('wrap').replace(/\W+/g, '_')}`);
    emit({ kind: 'dropped', name, value: this.slice(target, rest) });
    return reinterpret(low, this.sign);
  }

  /** The nearest value that `width` signed bits hold; `width` is not symbolic, since its bounds are constants. */
  saturate(this: Signal<'signed'>, width: number): Signal<'signed'> {
    if (!Number.isInteger(width) || width < 1) {
      throw describeError(`${nameOf(this)}: saturate(${width})`, 'say a whole number of bits, at least 1');
    }
    const end = 2n ** BigInt(width - 1);
    return this.clamp(signedLiteral(-end, width), signedLiteral(end - 1n, width));
  }

  /** min(max(this, low), high) in the width of the wider bound; `low <= high` is the caller's business. */
  clamp(this: Signal<'signed'>, low: Signal<'signed'>, high: Signal<'signed'>): Signal<'signed'> {
    const within = this.slice(0, larger(low.width, high.width, currentGuards())).asSigned();
    return this.lessThan(low).select(low, this.greaterThan(high).select(high, within));
  }

  #bitwise(operator: '&' | '|' | '^', other: Signal<S>): Signal<S> {
    if (!sameWidth(this.width, other.width)) {
      throw describeError(
        `${currentModule()}: '${operator}' of ${nameOf(this)} (${bits(this.width)}) and ${nameOf(other)} (${bits(other.width)})`,
        'extend the narrower one, or slice the wider one',
      );
    }
    return new Signal(this.sign, this.width, { kind: 'bitwise', operator, operands: [this, other] });
  }

  #compare(operator: Comparison, other: Signal<S>): Bit {
    const width = larger(this.width, other.width, currentGuards());
    for (const operand of [this, other]) requireExtensible(operand, width);
    return new Signal('unsigned', one, { kind: 'compare', operator, operands: [this, other], width });
  }

  #requireName(operation: string): string {
    if (this.expression.kind === 'name') return this.expression.text;
    throw describeError(
      `${currentModule()}: ${operation} of an expression without a name`,
      `give it one first: scope.wire('name', ...)`,
    );
  }
}

/** @param use what the signal decides, for the message */
export function requireBit(signal: Bit, use: string): void {
  if (sameWidth(signal.width, one)) return;
  throw describeError(
    `${nameOf(signal)}: ${use} needs 1 bit, not ${bits(signal.width)}`,
    'compare it, or reduce it with any() or all()',
  );
}

/** A signal that is declared under this name. */
export function named<S extends Sign>(text: string, type: VectorType<S>): Signal<S> {
  return new Signal(type.sign, type.width, { kind: 'name', text });
}

const one = Dimension.constant(1);

function arithmetic(operator: '+' | '-' | '*', a: AnySignal, b: AnySignal, width: Dimension): Expression {
  for (const operand of [a, b]) requireExtensible(operand, width);
  return { kind: 'arithmetic', operator, operands: [a, b] };
}

/**
 * Verilog takes a single bit only of what has a name, and a sign is extended by repeating its bit. Operations
 * that commute with extension pass it on to their operands.
 */
function requireExtensible(vector: Vector, width: Dimension): void {
  const { expression, sign } = vector;
  if (sign === 'unsigned') return;
  switch (expression.kind) {
    case 'arithmetic':
    case 'bitwise':
    case 'select':
      for (const operand of expression.operands) requireExtensible(operand, width);
      return;
    case 'not':
    case 'extend':
      requireExtensible(expression.operand, width);
      return;
    case 'reinterpret': {
      const { kind } = expression.operand.expression;
      if (kind === 'name' || kind === 'slice') return;
      break;
    }
    case 'modulo':
    case 'shift':
      break;
    default:
      return;
  }
  if (width.minus(vector.width).constantValue === 0) return;
  throw describeError(
    `${currentModule()}: the sign of an expression without a name, of ${bits(vector.width)}, is extended to ${width}`,
    `give it one first: scope.wire('name', ...)`,
  );
}

function reinterpret<S extends Sign>(vector: Vector, sign: S): Signal<S> {
  const { expression, width } = vector;
  if (expression.kind === 'reinterpret') return reinterpret(expression.operand, sign);
  return new Signal(
    sign,
    width,
    vector.sign === sign ? expression : { kind: 'reinterpret', operand: vector },
  );
}

/** A signed constant; without a width as narrow as it can be. Beyond 2^53 say it as a bigint. */
export function signedLiteral(value: number | bigint, width?: DimensionLike): Signal<'signed'> {
  return literal('signed', value, width);
}

/** An unsigned constant; without a width as narrow as it can be. Beyond 2^53 say it as a bigint. */
export function unsignedLiteral(value: number | bigint, width?: DimensionLike): Signal<'unsigned'> {
  return literal('unsigned', value, width);
}

export function literal<S extends Sign>(sign: S, value: number | bigint, width?: DimensionLike): Signal<S> {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw describeError(
      `${currentModule()}: ${value} is not an integer that a number holds exactly`,
      'say a whole number, beyond 2^53 as a bigint',
    );
  }
  if (sign === 'unsigned' && value < 0) {
    throw describeError(`${currentModule()}: ${value} is not unsigned`, 'use signedLiteral');
  }
  const exact = BigInt(value);
  const magnitude = exact < 0n ? ~exact : exact;
  const needed = Math.max(1, bitLength(magnitude) + (sign === 'signed' ? 1 : 0));
  const narrow = new Signal(sign, Dimension.constant(needed), { kind: 'literal', value: exact });
  if (width === undefined) return narrow;
  const target = Dimension.of(width);
  fitted(`${currentModule()}: the constant ${value}`, narrow, target);
  // A constant width is part of the literal; a symbolic one is reached by extension.
  return target.constantValue === undefined
    ? new Signal(sign, target, { kind: 'extend', operand: narrow })
    : new Signal(sign, target, narrow.expression);
}

/** Parts side by side, the first at the high end, as in Verilog. */
export function concat(...parts: readonly [AnySignal, ...AnySignal[]]): Signal<'unsigned'> {
  const width = parts.reduce((sum, part) => sum.plus(part.width), Dimension.constant(0));
  return new Signal('unsigned', width, { kind: 'concat', parts });
}

/** A bit, or a vector, `count` times side by side. */
export function repeat(operand: AnySignal, count: DimensionLike): Signal<'unsigned'> {
  const times = Dimension.of(count);
  return new Signal('unsigned', operand.width.times(times), { kind: 'repeat', count: times, operand });
}

export function sameWidth(a: Dimension, b: Dimension): boolean {
  const { minimum, maximum } = extremes(a.minus(b), currentGuards());
  return minimum.value === 0 && maximum.value === 0;
}

/**
 * The value as it goes into `target` bits without losing any, for every declared parameter.
 *
 * @param location where the target was declared, if not in the call that is running
 * @throws HardwareDescriptionError naming both widths and the parameters that break it
 */
export function fitted<S extends Sign>(
  targetName: string,
  value: Signal<S>,
  target: Dimension,
  location?: string,
): Signal<S> {
  const { minimum, maximum } = extremes(target.minus(value.width), currentGuards());
  // Widths that are equal here but not by their form, as 2^i and 2^N in the block where i = N.
  if (minimum.value === 0 && maximum.value === 0) return new Signal(value.sign, target, value.expression);
  if (minimum.value >= 0) {
    requireExtensible(value, target);
    return value;
  }
  const mend =
    maximum.value >= 0
      ? `narrow the range of ${[...minimum.at.keys()].map(({ name }) => name).join(' or ')}`
      : narrowing(value, target);
  throw describeError(
    `${targetName}: ${bits(value.width)} do not fit into ${target}${witness(minimum.at)}`,
    `widen the target, or ${mend}`,
    location,
  );
}

/** What to write where a value is too wide for every value of the parameters. */
function narrowing({ sign, expression }: AnySignal, { constantValue }: Dimension): string {
  if (expression.kind === 'literal') return 'choose a constant that fits';
  const name = expression.kind === 'name' ? '' : "give the value a name, scope.wire('name', ...), and ";
  const wrap = `.wrap(${constantValue ?? '...'})`;
  const canSaturate = sign === 'signed' && constantValue !== undefined;
  return `${name}say ${canSaturate ? `.saturate(${constantValue}) or ${wrap}` : wrap}`;
}

/** `module.signal`, for messages. */
export function nameOf(signal: AnySignal): string {
  const { expression } = signal;
  switch (expression.kind) {
    case 'name':
      return `${currentModule()}.${expression.text}`;
    case 'slice':
      return `${currentModule()}.${expression.base}[...]`;
    default:
      return `${currentModule()}: an expression of ${bits(signal.width)}`;
  }
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}
