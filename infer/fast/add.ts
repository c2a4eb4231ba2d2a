/** ADD of two tensors of one shape. */
import type { ElementwiseBinary } from '../../litert/index.ts';
import { ADD_LEFT_SHIFT, addFactors } from '../../litert/rescale-factors.ts';
import { type Arithmetic, applyRescaler, rescalerOf } from '../arithmetic.ts';
import { BLOCK_CHANNELS, packBlocks, packRange } from './dot-product.ts';
import type { Bind } from './kernels.ts';
import type { MemoryBuilder } from './memory-builder.ts';
import { planRescaling } from './rescale-plan.ts';

/** Undefined where the shapes differ. */
export function prepareAdd(
  operator: ElementwiseBinary,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
): Bind | undefined {
  const { left, right, output, outputRange } = operator;
  if (left.size !== output.size || right.size !== output.size) return undefined;
  const factors = addFactors(operator);
  const leftValues = rescaledValues(left.zeroPoint, factors.left, arithmetic);
  const rightValues = rescaledValues(right.zeroPoint, factors.right, arithmetic);
  const bound = largestMagnitude(leftValues) + largestMagnitude(rightValues);
  const alike = { length: BLOCK_CHANNELS };
  const plan = planRescaling(
    Array.from(alike, () => rescalerOf(arithmetic, factors.output)),
    Array.from(alike, () => bound),
    outputRange,
  );
  const leftTable = memory.place(leftValues);
  const rightTable = memory.place(rightValues);
  const block = memory.place(packBlocks([plan], []));
  const range = memory.place(packRange(outputRange));
  const from = memory.address(left);
  const and = memory.address(right);
  const to = memory.address(output);
  return ({ kernels }) =>
    () =>
      kernels.add(from, leftTable, and, rightTable, block, range, output.size, to);
}

/** An operand at the common scale, for each of its bytes. */
function rescaledValues(zeroPoint: number, M: number, arithmetic: Arithmetic): Int32Array {
  const rescaler = rescalerOf(arithmetic, M);
  return Int32Array.from({ length: 256 }, (_, byte) =>
    applyRescaler((((byte << 24) >> 24) - zeroPoint) << ADD_LEFT_SHIFT, rescaler),
  );
}

function largestMagnitude(values: Int32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
