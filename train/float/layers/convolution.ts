/** Convolution: straight from the image where the channels fill vectors, else as a product with gathered patches. */
import type { Layout } from '../layout.ts';
import { meetingsOf, runsOf, type Windows } from '../windows.ts';
import type { LinearPlan, Operands } from './linear.ts';
import { FLOAT, type Machine, openGradient } from './step.ts';

/** Columns of a panel; see kernels/gemm.ts. */
const PANEL = 8;

interface Convolution {
  readonly operands: Operands;
  readonly windows: Windows;
  readonly channels: number;
  readonly outputs: number;
}

/** Floats of a matrix that is packed. */
function packedFloats(rows: number, columns: number): number {
  return Math.ceil(columns / PANEL) * PANEL * rows;
}

/** @param scratch address of an area that layers share, with room for the patches of an image, twice, as packed */
export function planConvolution(layout: Layout, convolution: Convolution, scratch: number): LinearPlan {
  const { channels } = convolution;
  const forward =
    channels % PANEL === 0 ? planDirect(layout, convolution) : planPatches(layout, convolution, scratch);
  const backward = planInputGradient(layout, convolution, scratch);
  return (machine) => {
    const ahead = forward(machine);
    const back = backward?.(machine);
    return {
      prepare() {
        ahead.prepare();
        back?.prepare();
      },
      forward: ahead.forward,
      backward(images) {
        ahead.backward(images);
        back?.backward(images);
      },
    };
  };
}

/** Floats that `planConvolution` needs at `scratch`. */
export function convolutionScratch({ positions, taps }: Windows, channels: number): number {
  return positions * taps * channels + packedFloats(positions, taps * channels);
}

/** Output and gradient of the filter without patches. */
function planDirect(layout: Layout, { operands, windows, channels, outputs }: Convolution): LinearPlan {
  const { positions, pixels, taps, stride } = windows;
  const { input, weights, weightGradient, output, outputGradient, zeros } = operands;
  const table = layout.constant(windows.table);
  const packed = layout.floats(packedFloats(taps * channels, outputs));
  const runs = runsOf(windows);
  const runTable = weightGradient === undefined ? undefined : layout.constant(runs.table);
  return ({ kernels }) => ({
    prepare: () => kernels.pack(weights, taps * channels, outputs, 1, taps * channels, packed),
    forward(images) {
      for (let i = 0; i < images; i += 1) {
        const x = input.tensor.values + FLOAT * i * pixels * channels;
        const y = output + FLOAT * i * positions * outputs;
        kernels.convolve(x, zeros, table, positions, taps, channels, packed, outputs, y, 0);
      }
    },
    backward(images) {
      if (outputGradient === undefined || weightGradient === undefined || runTable === undefined) return;
      for (let i = 0; i < images; i += 1) {
        const x = input.tensor.values + FLOAT * i * pixels * channels;
        const dy = outputGradient + FLOAT * i * positions * outputs;
        kernels.convolveFilterGradient(
          ...([x, runTable, runs.perTap, stride, taps] as const),
          ...([channels, dy, outputs, weightGradient] as const),
        );
      }
    },
  });
}

/** Both as matrix products, for any number of channels. */
function planPatches(
  layout: Layout,
  { operands, windows, channels, outputs }: Convolution,
  scratch: number,
): LinearPlan {
  const { positions, pixels, taps } = windows;
  const { input, weights, weightGradient, output, outputGradient } = operands;
  const terms = taps * channels;
  const table = layout.constant(windows.table);
  const packed = layout.floats(packedFloats(terms, outputs));
  const packedPatches = scratch + FLOAT * positions * terms;
  return ({ kernels }) => {
    const gather = (image: number) => {
      const x = input.tensor.values + FLOAT * image * pixels * channels;
      kernels.gather(x, table, positions, taps, channels, scratch);
    };
    return {
      prepare: () => kernels.pack(weights, terms, outputs, 1, terms, packed),
      forward(images) {
        for (let i = 0; i < images; i += 1) {
          gather(i);
          const y = output + FLOAT * i * positions * outputs;
          kernels.gemm(scratch, terms, 1, packed, positions, terms, outputs, y, outputs, 0);
        }
      },
      backward(images) {
        if (outputGradient === undefined || weightGradient === undefined) return;
        for (let i = 0; i < images; i += 1) {
          gather(i);
          kernels.pack(scratch, positions, terms, terms, 1, packedPatches);
          const dy = outputGradient + FLOAT * i * positions * outputs;
          kernels.gemm(dy, 1, outputs, packedPatches, outputs, positions, terms, weightGradient, terms, 1);
        }
      },
    };
  };
}

type InputGradient = (machine: Machine) => { prepare(): void; backward(images: number): void };

/** Undefined where nobody needs it. */
function planInputGradient(
  layout: Layout,
  convolution: Convolution,
  scratch: number,
): InputGradient | undefined {
  const { operands, windows } = convolution;
  const { input, outputGradient } = operands;
  const { gradient } = input.tensor;
  if (gradient === undefined || outputGradient === undefined) return undefined;
  const gradients = { dy: outputGradient, dx: gradient };
  // With a greater stride most taps of a pixel meet no position.
  return windows.stride === 1
    ? planMeetings(layout, convolution, gradients)
    : planScatter(layout, convolution, gradients, scratch);
}

interface Gradients {
  readonly dy: number;
  readonly dx: number;
}

/** As a convolution of dy, with the filter's inputs and outputs exchanged. */
function planMeetings(
  layout: Layout,
  { operands, windows, channels, outputs }: Convolution,
  { dy, dx }: Gradients,
): InputGradient {
  const { positions, pixels, taps } = windows;
  const { input, weights, zeros } = operands;
  const table = layout.constant(meetingsOf(windows));
  const packed = layout.floats(packedFloats(taps * outputs, channels));
  return ({ kernels }) => ({
    prepare() {
      for (let channel = 0; channel < channels; channel += PANEL) {
        const columns = Math.min(PANEL, channels - channel);
        for (let tap = 0; tap < taps; tap += 1) {
          const from = weights + FLOAT * (tap * channels + channel);
          const to = packed + FLOAT * (channel * taps + PANEL * tap) * outputs;
          kernels.pack(from, outputs, columns, taps * channels, 1, to);
        }
      }
    },
    backward(images) {
      for (let i = 0; i < images; i += 1) {
        kernels.convolve(
          ...([dy + FLOAT * i * positions * outputs, zeros, table, pixels, taps, outputs, packed] as const),
          ...([channels, dx + FLOAT * i * pixels * channels, input.firstBackward ? 0 : 1] as const),
        );
      }
    },
  });
}

/** As a product that makes patches, which are added to the image. */
function planScatter(
  layout: Layout,
  { operands, windows, channels, outputs }: Convolution,
  { dy, dx }: Gradients,
  scratch: number,
): InputGradient {
  const { positions, pixels, taps } = windows;
  const { input, weights } = operands;
  const terms = taps * channels;
  const table = layout.constant(windows.table);
  const packed = layout.floats(packedFloats(outputs, terms));
  return (machine) => ({
    prepare: () => machine.kernels.pack(weights, outputs, terms, terms, 1, packed),
    backward(images) {
      openGradient(machine, input, images);
      const { kernels } = machine;
      for (let i = 0; i < images; i += 1) {
        const rows = dy + FLOAT * i * positions * outputs;
        kernels.gemm(rows, outputs, 1, packed, positions, outputs, terms, scratch, terms, 0);
        kernels.scatterAdd(scratch, table, positions, taps, channels, dx + FLOAT * i * pixels * channels);
      }
    },
  });
}
