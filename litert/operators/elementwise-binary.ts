import type { ElementwiseBinary } from '../model.ts';
import type { OperatorReader, OperatorSource } from '../operator-source.ts';
import { addFactors, mulFactor } from '../rescale-factors.ts';
import { clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';

const OPTIONS = { activation: 0 } as const;

/** With their tables of options in BuiltinOptions. */
export const elementwiseBinary: readonly OperatorReader[] = [
  { name: 'ADD', code: 0, maxVersion: 5, read: (source) => read(source, 'ADD', 11) },
  { name: 'SUB', code: 41, maxVersion: 5, read: (source) => read(source, 'SUB', 28) },
  { name: 'MUL', code: 18, maxVersion: 7, read: (source) => read(source, 'MUL', 21) },
];

function read(source: OperatorSource, op: ElementwiseBinary['op'], union: number): ElementwiseBinary {
  source.requireInputs(2);
  const left = source.int8(0);
  const right = source.int8(1);
  const output = source.int8Output();
  const options = source.options(union, OPTIONS);
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
