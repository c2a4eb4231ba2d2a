/**
 * Scales of activations that make the factors of ADD, MUL, MEAN and the other operators without weights exact in k
 * bits.
 *
 * Such factors are ratios of the scales of a few tensors: the operands and the output of a residual ADD, say. One
 * scale decides the others, so that from a first one all of a component follow, each the smallest that is exact
 * and at least as large as it was: nothing saturates that did not before, and at k = 1 at most one bit of
 * resolution is lost. The first is the one of many tried that costs least.
 *
 * Layers with weights join nothing: whatever the scales of their input and output, weights can make up for it.
 */
import { decomposeMultiplier } from '../golden/index.ts';
import {
  type Activation,
  addFactors,
  type ElementwiseBinary,
  inputsOf,
  isDotProduct,
  type Model,
  mulFactor,
  type Operator,
  reluFactor,
  scaleRatio,
  softmaxFactor,
} from '../litert/index.ts';
import { nextFloat32, previousFloat32 } from './float32.ts';
import { kBitAtLeast, nextKBit } from './k-bit.ts';

export interface Quantization {
  /** float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** An activation or an operand that is constant, and what it becomes. */
export interface Requantized {
  readonly tensor: Activation;
  readonly quantization: Quantization;
}

/** Scales that have been decided, by tensor. Those of constants come last, as nothing else depends on them. */
type Scales = ReadonlyMap<Activation, number>;

/** Operators without weights that rescale. */
type Rescaling = Exclude<Operator, { readonly weights: unknown }>;

/**
 * New scales and zero points for a model in which every operator has k bits. Inputs and outputs of the model keep
 * theirs. Only tensors that change are listed.
 */
export function exactScales(model: Model, k: number): readonly Requantized[] {
  const groups = equalScales(model);
  const rescaling = model.operators.filter((operator): operator is Rescaling => !isDotProduct(operator));
  let scales: Scales = new Map(
    fixedTensors(model).flatMap((tensor) => group(groups, tensor).map((one) => [one, one.scale])),
  );
  const solver = new Solver(k, groups, rescaling);
  scales = solver.propagate(scales);
  for (const operator of rescaling) {
    const free = variables(operator).find((tensor) => !scales.has(tensor));
    if (free !== undefined) scales = solver.cheapest(scales, free);
  }
  const changed = [...scales]
    .filter(([tensor, scale]) => scale !== tensor.scale)
    .map(([tensor, scale]) => ({
      tensor,
      quantization: { scale, zeroPoint: movedZeroPoint(tensor, scale) },
    }));
  for (const operator of rescaling) {
    for (const tensor of inputsOf(operator)) {
      if (tensor.data === undefined || scales.has(tensor)) continue;
      const quantization = solver.constant(operator, tensor, scales);
      scales = new Map([...scales, [tensor, quantization.scale]]);
      if (quantization.scale !== tensor.scale) changed.push({ tensor, quantization });
    }
  }
  return changed;
}

/** The code of zero with the low end of the range where it was: all of the range stays, as scales only grow. */
function movedZeroPoint({ scale, zeroPoint, type }: Activation, newScale: number): number {
  const least = type === 'int8' ? -128 : 0;
  return least + Math.round(((zeroPoint - least) * scale) / newScale);
}

function fixedTensors({ inputs, outputs, operators }: Model): readonly Activation[] {
  const softmax = operators.flatMap((operator) => (operator.op === 'SOFTMAX' ? [operator.output] : []));
  return [...inputs, ...outputs, ...softmax];
}

/** Tensors that must share one scale, because an operator moves or compares values as they are. */
function equalScales({ operators }: Model): ReadonlyMap<Activation, readonly Activation[]> {
  const groups = new Map<Activation, readonly Activation[]>();
  for (const operator of operators) {
    if (!SAME_SCALE.has(operator.op)) continue;
    const joined = [
      ...new Set([...inputsOf(operator), operator.output].flatMap((tensor) => group(groups, tensor))),
    ];
    for (const tensor of joined) groups.set(tensor, joined);
  }
  return groups;
}

const SAME_SCALE: ReadonlySet<Operator['op']> = new Set(['AVERAGE_POOL_2D', 'MAX_POOL_2D', 'RESHAPE', 'PAD']);

function group(
  groups: ReadonlyMap<Activation, readonly Activation[]>,
  tensor: Activation,
): readonly Activation[] {
  return groups.get(tensor) ?? [tensor];
}

/** What a rescaling operator relates, constants apart. */
function variables(operator: Operator): readonly Activation[] {
  return [...inputsOf(operator), operator.output].filter(({ data }) => data === undefined);
}

/** First scales that are tried, from the tensor's own up to twice that. */
const TRIALS = 64;

/** A scale may be smaller by this fraction than it was: what saturates is far below a step. */
const SLACK = 0.002;

class Solver {
  readonly #k: number;
  readonly #groups: ReadonlyMap<Activation, readonly Activation[]>;
  readonly #operators: readonly Rescaling[];

  constructor(
    k: number,
    groups: ReadonlyMap<Activation, readonly Activation[]>,
    operators: readonly Rescaling[],
  ) {
    this.#k = k;
    this.#groups = groups;
    this.#operators = operators;
  }

  /** The scales with those that follow from them. */
  propagate(scales: Scales): Scales {
    let known = scales;
    for (;;) {
      const next = this.#operators
        .flatMap((operator) => variables(operator).map((tensor) => ({ operator, tensor })))
        .filter(({ tensor }) => !known.has(tensor))
        .map(({ operator, tensor }) => ({ tensor, scale: this.#smallest(operator, tensor, known) }))
        .find(({ scale }) => scale !== undefined);
      if (next?.scale === undefined) return known;
      known = this.#with(known, next.tensor, next.scale);
    }
  }

  /** The scales with one for a tensor from which nothing else followed, and those that follow from it. */
  cheapest(scales: Scales, tensor: Activation): Scales {
    const trials = Array.from({ length: TRIALS }, (_, i) =>
      this.propagate(this.#with(scales, tensor, Math.fround(tensor.scale * 2 ** (i / TRIALS)))),
    );
    return trials.reduce((best, trial) => (costOf(trial) < costOf(best) ? trial : best));
  }

  /** A constant operand, re-quantized so that the operator's factors are exact; as it is where that cannot be. */
  constant(operator: Rescaling, tensor: Activation, scales: Scales): Quantization {
    const { scale, zeroPoint } = tensor;
    const found = this.#candidates(operator, tensor, scales, 1 / 8)
      .map((one) => this.#settled(operator, tensor, one, scales))
      .flatMap((one) => CONSTANT_ZERO_POINTS.map((point) => ({ scale: one, zeroPoint: point })));
    const exact = [{ scale, zeroPoint }, ...found].filter((one) =>
      this.#exact(operator, new Map([...scales, [tensor, one.scale]])),
    );
    return (
      exact.reduce<Quantization | undefined>(
        (least, one) =>
          least === undefined || constantError(tensor, one) < constantError(tensor, least) ? one : least,
        undefined,
      ) ?? { scale, zeroPoint }
    );
  }

  #with(scales: Scales, tensor: Activation, scale: number): Scales {
    return new Map([
      ...scales,
      ...group(this.#groups, tensor).map((one): [Activation, number] => [one, scale]),
    ]);
  }

  /** The smallest exact scale of a tensor of the operator; undefined where nothing determines it yet. */
  #smallest(operator: Rescaling, tensor: Activation, scales: Scales): number | undefined {
    const settled = this.#candidates(operator, tensor, scales, 1 - SLACK).map((scale) =>
      this.#settled(operator, tensor, scale, scales),
    );
    return (
      settled.find((scale) => this.#exact(operator, new Map([...scales, [tensor, scale]]))) ?? settled[0]
    );
  }

  /** Scales of a tensor for which one factor of the operator is about exact, ascending, up to 8 times its own. */
  #candidates(operator: Rescaling, tensor: Activation, scales: Scales, least: number): readonly number[] {
    const k = this.#k;
    const [low, high] = [least * tensor.scale, 8 * tensor.scale];
    const found = relatedScales(operator, tensor, scales).flatMap((base) => {
      const multiples: number[] = [];
      for (let m = kBitAtLeast(low / base, k); base * m <= high; m = nextKBit(m, k)) multiples.push(base * m);
      for (let m = kBitAtLeast(base / high, k); base / m >= low; m = nextKBit(m, k)) multiples.push(base / m);
      return multiples;
    });
    return found.toSorted((a, b) => a - b);
  }

  /** A float32 near the scale with which the factors come out as k-bit numbers, if there is one. */
  #settled(operator: Rescaling, tensor: Activation, scale: number, scales: Scales): number {
    const near = Math.fround(scale);
    const tried = [near, nextFloat32(near), previousFloat32(near)];
    return tried.find((one) => this.#exact(operator, new Map([...scales, [tensor, one]]))) ?? near;
  }

  /** Whether every factor that can be computed is a k-bit number, truncated and rounded to nearest alike. */
  #exact(operator: Rescaling, scales: Scales): boolean {
    return knownFactors(operator, scales).every((factor) => isExact(factor, this.#k));
  }
}

/** Relative distance of a factor from a k-bit number below which it counts as one: some float32 steps. */
const TOLERANCE = 2 ** -20;

/** Whether M is a k-bit number but for the precision of the scales, and both ways to round find that number. */
export function isExact(M: number, k: number): boolean {
  const [truncated, nearest] = (['truncate', 'nearest'] as const).map((rounding) =>
    decomposeMultiplier(M, { k, rounding, leadingOne: 'explicit' }),
  );
  if (truncated === undefined || nearest === undefined) return false;
  const value = truncated.multiplier * 2 ** -truncated.shift;
  return (
    truncated.multiplier === nearest.multiplier &&
    truncated.shift === nearest.shift &&
    Math.abs(M - value) <= TOLERANCE * value
  );
}

/** Sum over tensors of how much the power of their rounding errors grows. */
function costOf(scales: Scales): number {
  return [...scales].reduce((sum, [tensor, scale]) => sum + (scale / tensor.scale) ** 2, 0);
}

/** Of constants: all codes above zero, all below, or as many of each. */
const CONSTANT_ZERO_POINTS = [-128, 127, 0] as const;

/** Squared error of a constant under another quantization. */
function constantError({ data, scale, zeroPoint }: Activation, to: Quantization): number {
  return [...(data ?? [])].reduce((sum, q) => {
    const real = scale * (q - zeroPoint);
    return sum + (real - to.scale * (requantizedCode(real, to) - to.zeroPoint)) ** 2;
  }, 0);
}

/** The int8 code of a real value. */
export function requantizedCode(real: number, { scale, zeroPoint }: Quantization): number {
  return Math.min(Math.max(Math.round(real / scale) + zeroPoint, -128), 127);
}

/** Scales that stand in a ratio to the tensor's that is to be exact, as far as they are known. */
function relatedScales(operator: Rescaling, tensor: Activation, scales: Scales): readonly number[] {
  const others = [...inputsOf(operator), operator.output].filter((one) => one !== tensor);
  const known = others.flatMap((one) => scales.get(one) ?? []);
  switch (operator.op) {
    case 'SOFTMAX':
      return tensor === operator.input ? [2 ** -26 / operator.beta] : [];
    case 'MUL': {
      const [first, second] = others.map((one) => scales.get(one));
      if (first === undefined || second === undefined) return [];
      return tensor === operator.output ? [first * second] : [second / first, first / second];
    }
    case 'ADD':
    case 'SUB':
    case 'MEAN':
    case 'SUM':
    case 'QUANTIZE':
    case 'RELU':
    case 'RELU_N1_TO_1':
    case 'RELU6':
      return known;
    default:
      return [];
  }
}

/** The factors of an operator with these scales; without those that need a scale that is not known. */
function knownFactors(operator: Rescaling, scales: Scales): readonly number[] {
  switch (operator.op) {
    case 'SOFTMAX': {
      const input = rescaled(operator.input, scales);
      return input === undefined ? [] : [softmaxFactor({ ...operator, input })];
    }
    case 'ADD':
    case 'SUB':
      return knownAddFactors(operator, scales);
    case 'MUL': {
      const [left, right, output] = binary(operator, scales);
      if (left === undefined || right === undefined || output === undefined) return [];
      return [mulFactor({ ...operator, left, right, output })];
    }
    case 'MEAN':
    case 'SUM': {
      const [input, output] = [rescaled(operator.input, scales), rescaled(operator.output, scales)];
      return input === undefined || output === undefined ? [] : [scaleRatio({ ...operator, input, output })];
    }
    case 'QUANTIZE': {
      const [input, output] = [rescaled(operator.input, scales), rescaled(operator.output, scales)];
      return input === undefined || output === undefined ? [] : [scaleRatio({ ...operator, input, output })];
    }
    case 'RELU':
    case 'RELU_N1_TO_1':
    case 'RELU6': {
      const [input, output] = [rescaled(operator.input, scales), rescaled(operator.output, scales)];
      return input === undefined || output === undefined ? [] : [reluFactor({ ...operator, input, output })];
    }
    default:
      return [];
  }
}

function knownAddFactors(operator: ElementwiseBinary, scales: Scales): readonly number[] {
  const [left, right, output] = binary(operator, scales);
  if (left === undefined || right === undefined) {
    // The larger operand decides the output's factor, and may be the one that is not known.
    return [];
  }
  const factors = addFactors({ ...operator, left, right, output: output ?? operator.output });
  return output === undefined ? [factors.left, factors.right] : [factors.left, factors.right, factors.output];
}

function binary(operator: ElementwiseBinary, scales: Scales) {
  return [
    rescaled(operator.left, scales),
    rescaled(operator.right, scales),
    rescaled(operator.output, scales),
  ] as const;
}

function rescaled<T extends Activation>(tensor: T, scales: Scales): T | undefined {
  const scale = scales.get(tensor);
  return scale === undefined ? undefined : { ...tensor, scale };
}
