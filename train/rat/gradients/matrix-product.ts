/** CONV_2D and FULLY_CONNECTED: both gradients are matrix products of patches. */
import type { Arithmetic } from '../../../infer/arithmetic.ts';
import { forEachTap, imageShape } from '../../../infer/operators/window.ts';
import type { Conv2d, FullyConnected } from '../../../litert/index.ts';
import type { BindGradient, GradientMemory } from './gradient.ts';
import { prepareRescaling } from './rescaling.ts';

/** Of patches at a time: with the same packed, what a second-level cache holds. */
const CHUNK_BYTES = 2 ** 17;

export function prepareConv2dGradient(
  operator: Conv2d,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { input, output, window, weights } = operator;
  const taps = window.height * window.width;
  const table = new Int32Array((output.size / weights.channels) * taps).fill(-1);
  forEachTap(input, output, window, (position, tap, pixel) => {
    table[position * taps + tap] = pixel;
  });
  const patches = { table, taps, channels: imageShape(input).channels };
  return prepareMatrixGradient(operator, patches, arithmetic, memory);
}

export function prepareFullyConnectedGradient(
  operator: FullyConnected,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { input, batches } = operator;
  const table = Int32Array.from({ length: batches }, (_, i) => i);
  const patches = { table, taps: 1, channels: input.size / batches };
  return prepareMatrixGradient(operator, patches, arithmetic, memory);
}

interface Patches {
  /** [positions][taps], as kernels/taps.ts has it. */
  readonly table: Int32Array;
  readonly taps: number;
  /** Of a pixel. */
  readonly channels: number;
}

/** With patches X [P, T], weights W [O, T] and dA [P, O]: dW = dA^T X, dX = dA W. */
function prepareMatrixGradient(
  operator: Conv2d | FullyConnected,
  { table, taps, channels }: Patches,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  const { input, output, weights } = operator;
  const rescaling = prepareRescaling(operator, arithmetic, memory);
  const outputs = weights.channels;
  const size = taps * channels;
  const positions = table.length / taps;
  const rows = Math.min(positions, Math.max(8, Math.floor(CHUNK_BYTES / 4 / size)));
  const patchBytes = 4 * rows * size;
  const packedBytes = (terms: number) => 32 * terms * Math.ceil(size / 8);
  memory.needScratch(Math.max(patchBytes + packedBytes(rows), weights.size * 5));
  // Every pixel is one patch: gradients need not be scattered.
  const pointwise = taps === 1 && table.every((pixel, i) => pixel === i);
  const hasInputGradient = memory.isTrained(input);
  const packedWeights = hasInputGradient ? memory.reserve(packedBytes(outputs)) : 0;
  const dx = hasInputGradient ? memory.gradient(input) : 0;
  const tableAddress = memory.place(table);
  const x = memory.values(input);
  const da = memory.gradient(output);
  const dw = memory.parameter(weights);
  return (machine) => {
    const { kernels, buffer, scratch } = machine;
    const rescale = rescaling(machine);
    const [patches, packed] = [scratch, scratch + patchBytes];
    return {
      run() {
        rescale();
        for (let first = 0; first < positions; first += rows) {
          const count = Math.min(rows, positions - first);
          const taken = tableAddress + 4 * first * taps;
          const gradient = da + 4 * first * outputs;
          kernels.gatherInt8(x, input.zeroPoint, taken, count, taps, channels, patches);
          kernels.pack(patches, count, size, size, 1, packed);
          kernels.gemm(gradient, 1, outputs, packed, outputs, count, size, dw, size, 1);
          if (!hasInputGradient) continue;
          if (pointwise) {
            const to = dx + 4 * first * channels;
            kernels.gemm(gradient, outputs, 1, packedWeights, count, outputs, size, to, size, 1);
          } else {
            kernels.gemm(gradient, outputs, 1, packedWeights, count, outputs, size, patches, size, 0);
            kernels.scatterAdd(patches, taken, count, taps, channels, dx);
          }
        }
      },
      reload() {
        if (!hasInputGradient) return;
        const bytes = scratch + 4 * weights.size;
        new Int8Array(buffer, bytes, weights.size).set(weights.data);
        kernels.widen(bytes, weights.size, 0, scratch);
        kernels.pack(scratch, outputs, size, size, 1, packedWeights);
      },
    };
  };
}
