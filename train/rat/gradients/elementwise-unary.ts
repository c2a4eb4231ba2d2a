import { type Arithmetic, factorOf, rescalerOf } from '../../../infer/arithmetic.ts';
import { type Quantize, type Relu, type Reshape, reluFactor, scaleRatio } from '../../../litert/index.ts';
import { type BindGradient, type GradientMemory, gradientIn, valuesIn } from './gradient.ts';

/** The RELU family: rescales and clamps. */
export function prepareReluGradient(
  operator: Relu,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const slope = factorOf(rescalerOf(arithmetic, reluFactor(operator)));
  const { activationMin: least, activationMax: greatest } = operator.outputRange;
  return prepareScaling(operator, slope, { least, greatest }, memory);
}

/** QUANTIZE: another scale, another type. */
export function prepareQuantizeGradient(
  operator: Quantize,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { output } = operator;
  const slope = factorOf(rescalerOf(arithmetic, scaleRatio(operator)));
  const [least, greatest] = output.type === 'int8' ? [-128, 127] : [0, 255];
  return prepareScaling(operator, slope, { least, greatest }, memory);
}

/** RESHAPE: nothing is ever clamped. */
export function prepareReshapeGradient(operator: Reshape, memory: GradientMemory): BindGradient {
  return prepareScaling(operator, 1, { least: -Infinity, greatest: Infinity }, memory);
}

function prepareScaling(
  { input, output }: Relu | Quantize | Reshape,
  slope: number,
  { least, greatest }: { readonly least: number; readonly greatest: number },
  memory: GradientMemory,
): BindGradient {
  return (machine) => {
    const y = valuesIn(machine, memory, output);
    const dx = gradientIn(machine, memory, input);
    const dy = gradientIn(machine, memory, output);
    return {
      run() {
        if (dx === undefined || dy === undefined) return;
        for (let i = 0; i < dx.length; i++) {
          const q = y[i] ?? 0;
          if (q > least && q < greatest) dx[i] = (dx[i] ?? 0) + slope * (dy[i] ?? 0);
        }
      },
    };
  };
}
