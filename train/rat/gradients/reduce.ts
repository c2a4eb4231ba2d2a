import { type Arithmetic, factorOf, rescalerOf } from '../../../infer/arithmetic.ts';
import { targetIndices } from '../../../infer/operators/reduce.ts';
import type { Reduce } from '../../../litert/index.ts';
import { scaleRatio } from '../../../litert/rescale-factors.ts';
import { type BindGradient, type GradientMemory, gradientIn, valuesIn } from './gradient.ts';

/** MEAN and SUM. */
export function prepareReduceGradient(
  operator: Reduce,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { input, output, op } = operator;
  const count = op === 'MEAN' ? input.size / output.size : 1;
  const slope = factorOf(rescalerOf(arithmetic, scaleRatio(operator))) / count;
  const targets = targetIndices(operator);
  return (machine) => {
    const y = valuesIn(machine, memory, output);
    const dx = gradientIn(machine, memory, input);
    const dy = gradientIn(machine, memory, output);
    return {
      run() {
        if (dx === undefined || dy === undefined) return;
        for (let i = 0; i < dx.length; i++) {
          const target = targets[i] ?? 0;
          const q = y[target] ?? 0;
          if (q > -128 && q < 127) dx[i] = (dx[i] ?? 0) + slope * (dy[target] ?? 0);
        }
      },
    };
  };
}
