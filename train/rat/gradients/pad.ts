import { targetsOf } from '../../../infer/operators/pad.ts';
import type { Pad } from '../../../litert/index.ts';
import { type BindGradient, type GradientMemory, gradientIn } from './gradient.ts';

/** PAD: what is around the input has no gradient. */
export function preparePadGradient(operator: Pad, memory: GradientMemory): BindGradient {
  const targets = targetsOf(operator);
  return (machine) => {
    const dx = gradientIn(machine, memory, operator.input);
    const dy = gradientIn(machine, memory, operator.output);
    return {
      run() {
        if (dx === undefined || dy === undefined) return;
        targets.forEach((target, i) => {
          dx[i] = (dx[i] ?? 0) + (dy[target] ?? 0);
        });
      },
    };
  };
}
