import type { ElementwiseBinary } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader, OperatorSource } from '../operator-source.ts';
import { addFactors, mulFactor } from '../rescale-factors.ts';
import { activationField, clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';

const OPTIONS = { activation: 0 } as const;

/** Of their options in BuiltinOptions. */
const UNIONS = { ADD: 11, SUB: 28, MUL: 21 } as const;

export const elementwiseBinary: readonly OperatorReader[] = [
  { name: 'ADD', code: 0, maxVersion: 5, read: (source) => read(source, 'ADD') },
  { name: 'SUB', code: 41, maxVersion: 5, read: (source) => read(source, 'SUB') },
  { name: 'MUL', code: 18, maxVersion: 7, read: (source) => read(source, 'MUL') },
];

function read(source: OperatorSource, op: ElementwiseBinary['op']): ElementwiseBinary {
  source.requireInputs(2);
  const left = source.int8(0);
  const right = source.int8(1);
  const output = source.int8Output();
  const options = source.options(UNIONS[op], OPTIONS);
  const shape = broadcast(left.shape, right.shape);
  if (shape === undefined) {
    source.refuse(`its shape [${right.shape}] cannot be broadcast with [${left.shape}]`, right);
  }
  source.requireShape(output, shape, 'broadcasting');
  const operator: ElementwiseBinary = {
    op,
    index: source.index,
    left,
    right,
    output,
    ...clampOf(source, options.choice('activation', FUSED_ACTIVATIONS), output),
  };
  if (op === 'MUL') source.requireFactor(mulFactor(operator), 'S1*S2/Sy');
  else source.requireFactor(addFactors(operator).output, '2*max(S1, S2)/(2^20*Sy)', 1);
  return operator;
}

/** As NumPy: axes are matched from the last one on, and an axis of length 1 repeats. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let fromEnd = rank; fromEnd > 0; fromEnd--) {
    const left = a[a.length - fromEnd] ?? 1;
    const right = b[b.length - fromEnd] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(Math.max(left, right));
  }
  return shape;
}

export function writeElementwiseBinary(operator: Given<ElementwiseBinary>): WrittenOperator {
  const { op, left, right, activation } = operator;
  return {
    version: version(operator),
    inputs: [left, right],
    optionsType: UNIONS[op],
    options: [activationField(OPTIONS, activation)],
  };
}

/** 3 is SUB that broadcasts more than four axes, and MUL with a factor of 1 or more. */
function version({ op, left, right, output }: Given<ElementwiseBinary>): 2 | 3 {
  const broadcasts = left.shape.join() !== right.shape.join();
  const special = {
    ADD: false,
    SUB: broadcasts && Math.max(left.shape.length, right.shape.length) > 4,
    MUL: mulFactor({ left, right, output }) >= 1,
  };
  return special[op] ? 3 : 2;
}
