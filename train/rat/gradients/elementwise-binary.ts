import { type Arithmetic, factorOf, rescalerOf } from '../../../infer/arithmetic.ts';
import { broadcastIndices } from '../../../infer/operators/broadcast.ts';
import {
  ADD_LEFT_SHIFT,
  addFactors,
  type ElementwiseBinary,
  type Int8Activation,
  mulFactor,
} from '../../../litert/index.ts';
import { type BindGradient, type GradientMemory, gradientIn, type Machine, valuesIn } from './gradient.ts';

/** ADD, SUB and MUL. */
export function prepareElementwiseGradient(
  operator: ElementwiseBinary,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { left, right, output, outputRange } = operator;
  const slopes =
    operator.op === 'MUL' ? productSlopes(operator, arithmetic) : sumSlopes(operator, arithmetic);
  if (operator.op !== 'MUL' && left.size === output.size && right.size === output.size) {
    return bindSum(operator, slopes, memory);
  }
  const sides = [
    { tensor: left, other: right, slope: slopes.left },
    { tensor: right, other: left, slope: slopes.right },
  ].map((side) => ({
    ...side,
    indices: broadcastIndices(side.tensor.shape, output.shape),
    otherIndices: broadcastIndices(side.other.shape, output.shape),
  }));
  return (machine) => {
    const y = valuesIn(machine, memory, output);
    const bound = sides.map((side) => bindSide(side, machine, memory));
    const dy = gradientIn(machine, memory, output);
    return {
      run() {
        if (dy === undefined) return;
        for (const { gradient, values, indices, otherIndices, other, slope } of bound) {
          if (gradient === undefined) continue;
          for (let i = 0; i < y.length; i++) {
            const q = y[i] ?? 0;
            if (q <= outputRange.activationMin || q >= outputRange.activationMax) continue;
            const factor =
              slope.times === undefined ? 1 : (values[otherIndices[i] ?? 0] ?? 0) - other.zeroPoint;
            const to = indices[i] ?? 0;
            gradient[to] = (gradient[to] ?? 0) + (dy[i] ?? 0) * slope.factor * factor;
          }
        }
      },
    };
  };
}

/** Sums of two tensors of the same shape, which is nearly all there is. */
function bindSum(
  { left, right, output, outputRange }: ElementwiseBinary,
  slopes: Slopes,
  memory: GradientMemory,
): BindGradient {
  const { activationMin: least, activationMax: greatest } = outputRange;
  const [y, dy] = [memory.values(output), memory.gradient(output)];
  const sides = [
    { tensor: left, slope: slopes.left.factor },
    { tensor: right, slope: slopes.right.factor },
  ].filter(({ tensor }) => memory.isTrained(tensor));
  return ({ kernels }) => ({
    run() {
      for (const { tensor, slope } of sides) {
        kernels.passThrough(y, dy, output.size, slope, least, greatest, memory.gradient(tensor));
      }
    },
  });
}

/** Output units that a unit of an operand makes, for MUL times the other operand. */
interface Slope {
  readonly factor: number;
  readonly times?: 'other';
}

interface Slopes {
  readonly left: Slope;
  readonly right: Slope;
}

function sumSlopes(operator: ElementwiseBinary, arithmetic: Arithmetic): Slopes {
  const { left, right, output } = addFactors(operator);
  const slope = (M: number) =>
    factorOf(rescalerOf(arithmetic, M)) * 2 ** ADD_LEFT_SHIFT * factorOf(rescalerOf(arithmetic, output));
  return {
    left: { factor: slope(left) },
    right: { factor: operator.op === 'SUB' ? -slope(right) : slope(right) },
  };
}

function productSlopes(operator: ElementwiseBinary, arithmetic: Arithmetic): Slopes {
  const slope: Slope = { factor: factorOf(rescalerOf(arithmetic, mulFactor(operator))), times: 'other' };
  return { left: slope, right: slope };
}

function bindSide<T extends { readonly tensor: Int8Activation; readonly other: Int8Activation }>(
  side: T,
  machine: Machine,
  memory: GradientMemory,
): T & { readonly gradient: Float32Array | undefined; readonly values: Int8Array | Uint8Array } {
  return {
    ...side,
    gradient: gradientIn(machine, memory, side.tensor),
    values: valuesIn(machine, memory, side.other),
  };
}
