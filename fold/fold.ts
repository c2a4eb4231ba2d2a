/** A model whose factors are k-bit numbers, so that a multiplier of k bits computes what one of 31 bits does. */
import { setImmediate } from 'node:timers/promises';
import type { Elements, KernelModule } from '../infer/index.ts';
import { prepare } from '../infer/index.ts';
import {
  type DotProduct,
  isDotProduct,
  type Model,
  namedFactors,
  patchModel,
  readModel,
  rescaleFactors,
  type Tensor,
  type TensorChange,
  type Weights,
} from '../litert/index.ts';
import { exactScales, isExact } from './exact-scales.ts';
import { type FoldedLayer, foldLayer, type InputStatistics } from './fold-layer.ts';
import { momentsOf } from './layer-inputs.ts';
import type { Moments } from './moments.ts';
import { biasChange, requantizationChanges } from './requantize.ts';
import { metricOf } from './rounding.ts';

export interface FoldOptions {
  /** Width of the multiplier, 1..16. */
  readonly k: number;
  /** `dot`: layers with weights; `all`: also the operators without, by new scales of activations. */
  readonly scope: 'dot' | 'all';
  /** Inputs to round the weights for; without them each weight is rounded for itself. */
  readonly samples?: { readonly inputs: readonly Elements[]; readonly kernels: KernelModule };
  /** Called after each sample and after each layer with weights; between them the event loop gets a turn. */
  readonly onStep?: () => void;
}

export interface FoldedModel {
  readonly file: Uint8Array;
  readonly report: FoldReport;
}

export interface FoldReport {
  readonly k: number;
  readonly scope: 'dot' | 'all';
  readonly layers: readonly LayerReport[];
  readonly activations: readonly ActivationReport[];
  /** Factors of the operators in scope: how many are k-bit numbers. */
  readonly factors: { readonly total: number; readonly exactBefore: number; readonly exactAfter: number };
}

export interface LayerReport {
  readonly operator: number;
  readonly op: DotProduct['op'];
  readonly weights: number;
  /** Weights whose code changed. */
  readonly changed: number;
  /** Mean over all weights of |new code - old code|. */
  readonly meanCodeChange: number;
  /** Root of the mean squared change of the real weights, relative to that of the weights themselves. */
  readonly relativeWeightChange: number;
  /** M'/M over the channels. */
  readonly leastRatio: number;
  readonly greatestRatio: number;
  /** Why the layer was left as it is. */
  readonly left?: string;
}

export interface ActivationReport {
  readonly tensor: number;
  readonly name: string;
  readonly scale: { readonly before: number; readonly after: number };
  readonly zeroPoint: { readonly before: number; readonly after: number };
}

const MAX_K = 16;

/**
 * @param file a model that `readModel` accepts
 * @throws RangeError where k is outside 1..16
 * @throws ModelError where it is not, or where what must change shares its bytes with something else
 */
export async function foldModel(file: Uint8Array, options: FoldOptions): Promise<FoldedModel> {
  const { k, scope, samples } = options;
  if (!Number.isInteger(k) || k < 1 || k > MAX_K) {
    throw new RangeError(`k = ${k} is outside 1..${MAX_K}; wider multipliers are exact enough as they are`);
  }
  const original = readModel(file);
  const requantized = scope === 'all' ? exactScales(original, k) : [];
  const rescaled = patchModel(file, requantizationChanges(original, requantized));
  const model = readModel(rescaled);
  const step = async () => {
    options.onStep?.();
    await setImmediate();
  };
  const moments =
    samples && (await momentsOf(prepare(model, 'stock', samples.kernels), samples.inputs, step));
  const folds: { readonly unit: FoldUnit; readonly folded: FoldedLayer | undefined }[] = [];
  for (const unit of foldUnits(model, samples !== undefined)) {
    const { first, left } = unit;
    const statistics = moments?.get(first)?.map(inputStatistics);
    folds.push({ unit, folded: left === undefined ? foldLayer(first, k, statistics) : undefined });
    await step();
  }
  const folded = patchModel(
    rescaled,
    folds.flatMap(({ unit, folded: layer }) => (layer === undefined ? [] : layerChanges(unit, layer))),
  );
  const after = readModel(folded);
  return {
    file: folded,
    report: {
      k,
      scope,
      layers: folds.flatMap(({ unit, folded: layer }) =>
        unit.operators.map((operator) => layerReport(operator, layer, unit.left)),
      ),
      activations: requantized.map(({ tensor, quantization }) => ({
        tensor: tensor.index,
        name: tensor.name,
        scale: { before: tensor.scale, after: quantization.scale },
        zeroPoint: { before: tensor.zeroPoint, after: quantization.zeroPoint },
      })),
      factors: {
        total: factorsOf(after, scope).length,
        exactBefore: exactCount(original, options),
        exactAfter: exactCount(after, options),
      },
    },
  };
}

/** Layers that share their weights, which change for all of them or for none. */
interface FoldUnit {
  readonly weights: Weights;
  readonly first: DotProduct;
  readonly operators: readonly DotProduct[];
  readonly left: string | undefined;
}

/** @param corrected whether biases change even where they are zero */
function foldUnits(model: Model, corrected: boolean): readonly FoldUnit[] {
  const users = new Map<Weights, DotProduct[]>();
  for (const operator of model.operators.filter(isDotProduct)) {
    const others = users.get(operator.weights);
    if (others === undefined) users.set(operator.weights, [operator]);
    else others.push(operator);
  }
  return [...users].flatMap(([weights, operators]) => {
    const [first] = operators;
    if (first === undefined) return [];
    return [{ weights, first, operators, left: reasonToLeave(model, first, operators, corrected) }];
  });
}

function reasonToLeave(
  model: Model,
  first: DotProduct,
  operators: readonly DotProduct[],
  corrected: boolean,
): string | undefined {
  const factors = rescaleFactors(first);
  for (const operator of operators) {
    const others = rescaleFactors(operator);
    if (operator.op !== first.op || factors.some((M, channel) => M !== others[channel])) {
      return `operators ${first.index} and ${operator.index} share weights but not factors`;
    }
  }
  // Zeros stay zeros, and writers let biases of zeros share bytes.
  const biases = operators.flatMap(({ bias }) =>
    bias !== undefined && (corrected || bias.data.some((value) => value !== 0)) ? [bias] : [],
  );
  for (const tensor of [first.weights, ...biases]) {
    const other = model.tensors.find((one) => one !== tensor && overlaps(one, tensor));
    if (other !== undefined) return `tensors ${tensor.index} and ${other.index} share their bytes`;
    const stranger = model.operators.find(
      (one) => isDotProduct(one) && one.bias === tensor && !operators.includes(one),
    );
    if (stranger !== undefined) return `operator ${stranger.index} has the same bias, tensor ${tensor.index}`;
  }
  return undefined;
}

function overlaps(a: Tensor, b: Tensor): boolean {
  if (a.data === undefined || b.data === undefined || a.data.buffer !== b.data.buffer) return false;
  const [start, end] = [a.data.byteOffset, a.data.byteOffset + a.data.byteLength];
  return b.data.byteOffset < end && start < b.data.byteOffset + b.data.byteLength;
}

function inputStatistics(moments: Moments): InputStatistics {
  return { mean: moments.mean(), metric: metricOf(moments.covariance(), moments.size) };
}

function layerChanges({ weights, operators }: FoldUnit, layer: FoldedLayer): readonly TensorChange[] {
  const biases = new Map<number, TensorChange>();
  for (const { bias, input } of operators) {
    if (bias === undefined) continue;
    const scale = (channel: number) => input.scale * (layer.scales[channel] ?? layer.scales[0] ?? 1);
    biases.set(bias.index, biasChange(bias, layer.bias, scale));
  }
  return [{ tensor: weights.index, data: layer.weights, scales: layer.scales }, ...biases.values()];
}

function layerReport(
  operator: DotProduct,
  folded: FoldedLayer | undefined,
  left: string | undefined,
): LayerReport {
  const { weights } = operator;
  const base = { operator: operator.index, op: operator.op, weights: weights.size };
  if (folded === undefined) {
    return {
      ...base,
      changed: 0,
      meanCodeChange: 0,
      relativeWeightChange: 0,
      leastRatio: 1,
      greatestRatio: 1,
      ...(left === undefined ? {} : { left }),
    };
  }
  const ratios = rescaleFactors(operator).map((M, channel) => (folded.factors[channel] ?? M) / M);
  const perChannel = weights.size / weights.channels;
  let [changed, codeChange, squaredChange, squares] = [0, 0, 0, 0];
  weights.data.forEach((q, i) => {
    const channel = weights.axis === 0 ? Math.floor(i / perChannel) : i % weights.channels;
    const now = folded.weights[i] ?? 0;
    if (now !== q) changed += 1;
    codeChange += Math.abs(now - q);
    squaredChange += (now * (ratios[channel] ?? 1) - q) ** 2;
    squares += q ** 2;
  });
  return {
    ...base,
    changed,
    meanCodeChange: codeChange / weights.size,
    relativeWeightChange: Math.sqrt(squaredChange / Math.max(squares, 1)),
    leastRatio: Math.min(...ratios),
    greatestRatio: Math.max(...ratios),
  };
}

function exactCount(model: Model, { k, scope }: FoldOptions): number {
  return factorsOf(model, scope).filter((factor) => isExact(factor, k)).length;
}

function factorsOf({ operators }: Model, scope: FoldOptions['scope']): readonly number[] {
  return operators.flatMap((operator) => {
    if (isDotProduct(operator)) return [...rescaleFactors(operator)];
    return scope === 'dot' ? [] : namedFactors(operator).map(({ factor }) => factor);
  });
}
