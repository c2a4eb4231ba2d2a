import type { Reduce } from '../../litert/index.ts';
import { scaleRatio } from '../../litert/rescale-factors.ts';
import {
  type Arithmetic,
  applyRescaler,
  exponentOf,
  type IntegerRescaler,
  rescalerOf,
} from '../arithmetic.ts';
import type { Step } from './step.ts';

/** MEAN and SUM (tflite/kernels/reduce.cc). */
export function prepareReduce(operator: Reduce, arithmetic: Arithmetic): Step {
  const { input, output } = operator;
  const alike = input.scale === output.scale && input.zeroPoint === output.zeroPoint;
  return operator.op === 'SUM' && alike ? sumOfBytes(operator) : rescaledSum(operator, arithmetic);
}

/** LiteRT adds int8 to int8 where nothing is to be rescaled: zero points add up, and the sum wraps. */
function sumOfBytes(operator: Reduce): Step {
  const targets = targetIndices(operator);
  return (values) => {
    const x = values.of(operator.input);
    const y = values.of(operator.output).fill(0);
    for (let i = 0; i < x.length; i++) {
      const target = targets[i] ?? 0;
      y[target] = (y[target] ?? 0) + (x[i] ?? 0);
    }
  };
}

function rescaledSum(operator: Reduce, arithmetic: Arithmetic): Step {
  const { input, output } = operator;
  const count = input.size / output.size;
  const targets = targetIndices(operator);
  const rescaler = rescalerOf(arithmetic, scaleRatio(operator));
  const finish = operator.op === 'MEAN' ? dividedBy(rescaler, count) : rescaler;
  const sums = new Int32Array(output.size);
  return (values) => {
    const x = values.of(input);
    const y = values.of(output);
    sums.fill(-input.zeroPoint * count);
    for (let i = 0; i < x.length; i++) {
      const target = targets[i] ?? 0;
      sums[target] = (sums[target] ?? 0) + (x[i] ?? 0);
    }
    for (let i = 0; i < y.length; i++) {
      const q = applyRescaler(sums[i] ?? 0, finish) + output.zeroPoint;
      y[i] = Math.min(Math.max(q, -128), 127);
    }
  };
}

/** For every element of the input, in order, the element of the output that it adds to. */
export function targetIndices({ input, axes }: Reduce): Int32Array {
  let indices = [0];
  input.shape.forEach((size, axis) => {
    indices = axes.includes(axis)
      ? indices.flatMap((index) => Array.from({ length: size }, () => index))
      : indices.flatMap((index) => Array.from({ length: size }, (_, i) => index * size + i));
  });
  return Int32Array.from(indices);
}

/**
 * Division by a count inside of the multiplier, as LiteRT does it: m * 2^shift / count, cut to an integer, with the
 * largest shift that leaves m in 31 bits and the exponent at -31 or above. m is divided in its 31-bit position
 * whatever its width, so the quotient is wider than k.
 */
function dividedBy(rescaler: IntegerRescaler, count: number): IntegerRescaler {
  const exponent = exponentOf(rescaler);
  const shift = Math.min(31 - Math.clz32(count), 32, 31 + exponent);
  if (rescaler.rounding === 'twice') {
    const multiplier = Math.floor((rescaler.multiplier * 2 ** shift) / count);
    return { rounding: 'twice', multiplier, exponent: exponent - shift };
  }
  const wide = rescaler.multiplier * 2 ** (31 - exponent - rescaler.shift);
  const multiplier = Math.floor((wide * 2 ** shift) / count);
  return { rounding: 'once', multiplier, shift: 31 - exponent + shift };
}
