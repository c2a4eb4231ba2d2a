/** A network in the memory of the kernels, for batches of up to so many images: forward, and backward in training. */
import type { WasmModule } from '../../tools/wasm.ts';
import { instantiateTrainingKernels } from '../kernels.ts';
import { planAdd } from './layers/add.ts';
import { convolutionScratch, planConvolution } from './layers/convolution.ts';
import { planDense } from './layers/dense.ts';
import { planDepthwise } from './layers/depthwise.ts';
import { type FinishPlan, planBias, planNormalization } from './layers/finish.ts';
import type { LinearPlan, Operands } from './layers/linear.ts';
import { planGlobalAveragePool, planMaxPool } from './layers/pool.ts';
import { FLOAT, type Input, type Plan, type Step, type Tensor } from './layers/step.ts';
import { Layout } from './layout.ts';
import { type Architecture, type Layer, type Shape, tensorShapes } from './network.ts';
import { type LayerParameters, type ParameterLayout, parameterLayout } from './parameters.ts';
import { windowsOf } from './windows.ts';

export interface PlacedNetwork {
  /** Views of memory. The tensors of the network, the input first: [images][height][width][channels]. */
  readonly tensors: readonly Float32Array[];
  readonly trained: Float32Array;
  /** Of the parameters; backward adds to them. */
  readonly gradients: Float32Array;
  /** Mean and variance of the last batch, in training. */
  readonly statistics: Float32Array;
  /** Gradient of the last tensor, which backward begins with. */
  readonly outputGradient: Float32Array;
  /** Once `trained` has been changed. */
  prepare(): void;
  forward(images: number): void;
  backward(images: number): void;
}

/**
 * Training normalizes with the statistics of the batch; inference has normalization folded into filters and bias, and
 * neither gradients nor statistics: those views are empty.
 */
export type Mode = 'training' | 'inference';

/**
 * @param images the most that a batch has
 * @throws RangeError where a layer names a tensor that is not there, or nobody uses what a layer makes
 */
export function placeNetwork(
  architecture: Architecture,
  images: number,
  mode: Mode,
  module: WasmModule,
): PlacedNetwork {
  const shapes = tensorShapes(architecture);
  const layout = new Layout();
  const training = mode === 'training';
  const room = (count: number) => (training ? layout.floats(count) : undefined);
  const tensors = shapes.map((shape, index): Tensor => {
    const size = shape.height * shape.width * shape.channels;
    return {
      shape,
      size,
      values: layout.floats(images * size),
      gradient: index === 0 ? undefined : room(images * size),
    };
  });
  const parameters = parameterLayout(architecture);
  const areas: Areas = {
    layout,
    mode,
    images,
    parameters,
    trained: layout.floats(parameters.trained),
    gradients: room(parameters.trained),
    statistics: layout.floats(training ? parameters.statistics : 0),
    zeros: layout.floats(Math.max(...shapes.map(({ channels }) => channels))),
    scratch: layout.floats(Math.max(0, ...architecture.layers.map((layer) => scratchOf(layer, shapes)))),
  };
  const firstBackward = firstUses(architecture);
  const plans = architecture.layers.map((layer, index) =>
    planLayer(
      areas,
      layer,
      index,
      (slot) => ({
        tensor: tensorAt(tensors, slot === 'and' && 'and' in layer ? layer.and : layer.from),
        firstBackward: firstBackward.has(useKey(index, slot)),
      }),
      tensorAt(tensors, index + 1),
    ),
  );

  const memory = layout.build();
  const machine = { memory, kernels: instantiateTrainingKernels(module, memory) };
  const steps = plans.map((plan) => plan(machine));
  const backwards = steps.toReversed();
  const view = (address: number | undefined, count: number) =>
    new Float32Array(memory.buffer, address ?? 0, address === undefined ? 0 : count);
  const output = tensorAt(tensors, architecture.layers.length);
  return {
    tensors: tensors.map(({ values, size }) => view(values, images * size)),
    trained: view(areas.trained, parameters.trained),
    gradients: view(areas.gradients, parameters.trained),
    statistics: view(areas.statistics, training ? parameters.statistics : 0),
    outputGradient: view(output.gradient, images * output.size),
    prepare() {
      for (const step of steps) step.prepare();
    },
    forward(count) {
      for (const step of steps) step.forward(count);
    },
    backward(count) {
      for (const step of backwards) step.backward(count);
    },
  };
}

/** Addresses of what all layers share. */
interface Areas {
  readonly layout: Layout;
  readonly mode: Mode;
  readonly images: number;
  readonly parameters: ParameterLayout;
  readonly trained: number;
  readonly gradients: number | undefined;
  readonly statistics: number;
  readonly zeros: number;
  readonly scratch: number;
}

type Slot = 'from' | 'and';

function planLayer(
  areas: Areas,
  layer: Layer,
  index: number,
  input: (slot: Slot) => Input,
  output: Tensor,
): Plan {
  switch (layer.kind) {
    case 'add':
      return planAdd([input('from'), input('and')], output, layer.activation);
    case 'max-pool':
      return planMaxPool(input('from'), output, layer.size);
    case 'global-average-pool':
      return planGlobalAveragePool(input('from'), output);
    default: {
      const parameters = areas.parameters.layers[index];
      if (parameters === undefined) throw new Error(`layer ${index} has no parameters`);
      return planFiltered(areas, layer, parameters, input('from'), output);
    }
  }
}

type FilteredLayer = Extract<Layer, { readonly normalization: unknown }>;

/** A layer with a filter: linear, then normalization or bias, then activation. */
function planFiltered(
  areas: Areas,
  layer: FilteredLayer,
  { weights, bias, normalization }: LayerParameters,
  input: Input,
  output: Tensor,
): Plan {
  const { layout, images, trained, gradients, statistics } = areas;
  const inside = (start: number) => trained + FLOAT * start;
  const gradientOf = (start: number) => gradients && gradients + FLOAT * start;
  const normalized = areas.mode === 'training' ? normalization : undefined;
  // Backward needs what normalization was given; a bias is added in place.
  const linearOutput = normalized === undefined ? output.values : layout.floats(images * output.size);
  const linear = planLinear(
    areas,
    layer,
    {
      input,
      weights: inside(weights.start),
      weightGradient: gradientOf(weights.start),
      output: linearOutput,
      outputGradient: output.gradient,
      zeros: areas.zeros,
    },
    output,
  );
  const { height, width, channels } = output.shape;
  const shared = {
    linear: linearOutput,
    output: output.values,
    gradient: output.gradient,
    positions: height * width,
    channels,
    activation: layer.activation,
    bias: inside(bias.start),
    biasGradient: gradientOf(bias.start),
  };
  const finish: FinishPlan =
    normalized === undefined || gradients === undefined
      ? planBias(layout, shared)
      : planNormalization(layout, {
          ...shared,
          scale: inside(normalized.scale.start),
          scaleGradient: gradients + FLOAT * normalized.scale.start,
          mean: statistics + FLOAT * normalized.mean.start,
          variance: statistics + FLOAT * normalized.variance.start,
        });
  return (machine): Step => {
    const first = linear(machine);
    const second = finish(machine);
    return {
      prepare: first.prepare,
      forward(count) {
        first.forward(count);
        second.forward(count);
      },
      backward(count) {
        second.backward(count);
        first.backward(count);
      },
    };
  };
}

function planLinear(areas: Areas, layer: FilteredLayer, operands: Operands, output: Tensor): LinearPlan {
  const { layout, images, scratch } = areas;
  const { shape, size } = operands.input.tensor;
  const outputs = output.shape.channels;
  switch (layer.kind) {
    case 'dense':
      return planDense(layout, { operands, terms: size, outputs, images });
    case 'depthwise': {
      const windows = windowsOf(shape, layer.kernel, layer.stride);
      return planDepthwise(layout, { operands, windows, channels: outputs });
    }
    case 'convolution': {
      const windows = windowsOf(shape, layer.kernel, layer.stride);
      return planConvolution(layout, { operands, windows, channels: shape.channels, outputs }, scratch);
    }
  }
}

/** Floats of scratch that a layer wants. */
function scratchOf(layer: Layer, shapes: readonly Shape[]): number {
  const from = shapes[layer.from];
  if (layer.kind !== 'convolution' || from === undefined) return 0;
  return convolutionScratch(windowsOf(from, layer.kernel, layer.stride), from.channels);
}

function useKey(layer: number, slot: Slot): string {
  return `${layer} ${slot}`;
}

/** Of the uses of each tensor, the one that comes first going backward. */
function firstUses({ layers }: Architecture): ReadonlySet<string> {
  const first = new Map<number, string>();
  layers.forEach((layer, index) => {
    // The slots of a layer go forward in backward, too: of two uses in one layer, `from` is the first.
    const uses: readonly (readonly [number, Slot])[] =
      layer.kind === 'add'
        ? [
            [layer.and, 'and'],
            [layer.from, 'from'],
          ]
        : [[layer.from, 'from']];
    for (const [tensor, slot] of uses) first.set(tensor, useKey(index, slot));
  });
  const unused = layers.findIndex((_, index) => index + 1 < layers.length && !first.has(index + 1));
  if (unused >= 0) throw new RangeError(`nobody uses what layer ${unused} makes`);
  return new Set(first.values());
}

function tensorAt(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError(`there is no tensor ${index}`);
  return tensor;
}
