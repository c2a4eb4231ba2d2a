import { forEachTap, imageShape } from '../../../infer/operators/window.ts';
import type { Pool2d } from '../../../litert/index.ts';
import { type BindGradient, type GradientMemory, gradientIn, valuesIn } from './gradient.ts';

/** AVERAGE_POOL_2D spreads a gradient over its window, MAX_POOL_2D gives it to the first tap that is the greatest. */
export function preparePool2dGradient(operator: Pool2d, memory: GradientMemory): BindGradient {
  const { input, output, window, outputRange } = operator;
  const { channels } = imageShape(input);
  const positions = output.size / channels;
  /** The pixels of each window. */
  const pixels = Array.from({ length: positions }, (): number[] => []);
  forEachTap(input, output, window, (position, _tap, pixel) => pixels[position]?.push(pixel));
  return (machine) => {
    const x = valuesIn(machine, memory, input);
    const y = valuesIn(machine, memory, output);
    const dx = gradientIn(machine, memory, input);
    const dy = gradientIn(machine, memory, output);
    const add = (index: number, value: number) => {
      if (dx !== undefined) dx[index] = (dx[index] ?? 0) + value;
    };
    const passes = (q: number) =>
      operator.activation === 'none' || (q > outputRange.activationMin && q < outputRange.activationMax);
    const spread = (taps: readonly number[], channel: number, gradient: number) => {
      for (const pixel of taps) add(pixel * channels + channel, gradient / taps.length);
    };
    const giveToGreatest = (taps: readonly number[], channel: number, gradient: number) => {
      let best = -1;
      for (const pixel of taps) {
        const index = pixel * channels + channel;
        if (best < 0 || (x[index] ?? 0) > (x[best] ?? 0)) best = index;
      }
      add(best, gradient);
    };
    const share = operator.op === 'MAX_POOL_2D' ? giveToGreatest : spread;
    return {
      run() {
        if (dx === undefined || dy === undefined) return;
        pixels.forEach((taps, position) => {
          for (let channel = 0; channel < channels; channel++) {
            const i = position * channels + channel;
            if (passes(y[i] ?? 0)) share(taps, channel, dy[i] ?? 0);
          }
        });
      },
    };
  };
}
