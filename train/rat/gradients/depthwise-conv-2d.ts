import type { Arithmetic } from '../../../infer/arithmetic.ts';
import { forEachTap, imageShape } from '../../../infer/operators/window.ts';
import type { DepthwiseConv2d } from '../../../litert/index.ts';
import type { BindGradient, GradientMemory } from './gradient.ts';
import { prepareRescaling } from './rescaling.ts';

/** With several outputs for an input channel, the input is taken as if each of its channels were there so often. */
export function prepareDepthwiseGradient(
  operator: DepthwiseConv2d,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { input, output, weights, window, depthMultiplier } = operator;
  const rescaling = prepareRescaling(operator, arithmetic, memory);
  const { channels } = weights;
  const taps = window.height * window.width;
  const positions = output.size / channels;
  const pixels = input.size / imageShape(input).channels;
  const table = new Int32Array(positions * taps).fill(-1);
  forEachTap(input, output, window, (position, tap, pixel) => {
    table[position * taps + tap] = pixel;
  });
  const tableAddress = memory.place(table);
  const wideBytes = 4 * pixels * channels;
  memory.needScratch(Math.max(wideBytes, weights.size));
  const hasInputGradient = memory.isTrained(input);
  const w = memory.reserve(4 * weights.size);
  const dx = hasInputGradient ? memory.gradient(input) : 0;
  const x = memory.values(input);
  const da = memory.gradient(output);
  const dw = memory.parameter(weights);
  return (machine) => {
    const { kernels, buffer, scratch } = machine;
    const rescale = rescaling(machine);
    const values = new Int8Array(buffer, x, input.size);
    const wide = new Float32Array(buffer, scratch, pixels * channels);
    const widen = () => {
      if (depthMultiplier === 1) kernels.widen(x, input.size, input.zeroPoint, scratch);
      else
        for (let i = 0; i < wide.length; i++)
          wide[i] = (values[Math.floor(i / depthMultiplier)] ?? 0) - input.zeroPoint;
    };
    const addInputGradient = () => {
      if (depthMultiplier === 1) {
        kernels.depthwiseInputGradient(da, w, tableAddress, positions, taps, channels, dx);
        return;
      }
      wide.fill(0);
      kernels.depthwiseInputGradient(da, w, tableAddress, positions, taps, channels, scratch);
      const gradient = new Float32Array(buffer, dx, input.size);
      wide.forEach((value, i) => {
        const to = Math.floor(i / depthMultiplier);
        gradient[to] = (gradient[to] ?? 0) + value;
      });
    };
    return {
      run() {
        rescale();
        widen();
        kernels.depthwiseFilterGradient(da, scratch, tableAddress, positions, taps, channels, dw);
        if (hasInputGradient) addInputGradient();
      },
      reload() {
        new Int8Array(buffer, scratch, weights.size).set(weights.data);
        kernels.widen(scratch, weights.size, 0, w);
      },
    };
  };
}
