/** What training did to the weights: Table II of the paper, and its discussion, in figures. */
import { type DotProduct, isDotProduct, type Model } from '../../litert/index.ts';

export interface LayerChange {
  /** Of the model's operators. */
  readonly operator: number;
  readonly op: DotProduct['op'];
  readonly weights: number;
  /** Weights that are another integer now. */
  readonly changed: number;
  /** How often a weight moved by each number of units, 0 left out; ascending. */
  readonly moves: readonly { readonly by: number; readonly count: number }[];
  /** Sum of |change| over the sum of |weight|, before. */
  readonly relativeChange: number;
  readonly zeros: Before;
  /** Of all weights, in units. */
  readonly mean: Before;
  readonly biases: number;
  readonly biasesChanged: number;
}

export interface Before {
  readonly before: number;
  readonly after: number;
}

/** All layers together. */
export type TotalChange = Omit<LayerChange, 'operator' | 'op' | 'mean'> & {
  readonly layers: number;
  /** Layers with a weight that changed. */
  readonly layersChanged: number;
};

export interface Changes {
  readonly layers: readonly LayerChange[];
  readonly total: TotalChange;
}

/** @param after the same model with other weights */
export function changesBetween(before: Model, after: Model): Changes {
  const layers = before.operators.filter(isDotProduct).flatMap((operator) => {
    const other = after.operators[before.operators.indexOf(operator)];
    return other !== undefined && isDotProduct(other) ? [layerChange(operator, other)] : [];
  });
  return { layers, total: totalOf(layers, before) };
}

function layerChange(before: DotProduct, after: DotProduct): LayerChange {
  const [old, now] = [before.weights.data, after.weights.data];
  const moves = new Map<number, number>();
  old.forEach((weight, i) => {
    const by = (now[i] ?? 0) - weight;
    if (by !== 0) moves.set(by, (moves.get(by) ?? 0) + 1);
  });
  const sorted = [...moves].map(([by, count]) => ({ by, count })).toSorted((a, b) => a.by - b.by);
  const moved = sorted.reduce((sum, { by, count }) => sum + Math.abs(by) * count, 0);
  const biases = before.bias?.data ?? new Int32Array();
  return {
    operator: before.index,
    op: before.op,
    weights: old.length,
    changed: sorted.reduce((sum, { count }) => sum + count, 0),
    moves: sorted,
    relativeChange: moved / Math.max(1, magnitude(old)),
    zeros: { before: zerosIn(old), after: zerosIn(now) },
    mean: { before: meanOf(old), after: meanOf(now) },
    biases: biases.length,
    biasesChanged: biases.filter((bias, i) => bias !== after.bias?.data[i]).length,
  };
}

function totalOf(layers: readonly LayerChange[], { operators }: Model): TotalChange {
  const sum = (of: (layer: LayerChange) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  const moves = new Map<number, number>();
  for (const { by, count } of layers.flatMap((layer) => layer.moves))
    moves.set(by, (moves.get(by) ?? 0) + count);
  const magnitudes = operators.filter(isDotProduct).map(({ weights }) => magnitude(weights.data));
  const moved = layers.reduce(
    (total, { relativeChange }, i) => total + relativeChange * (magnitudes[i] ?? 0),
    0,
  );
  return {
    weights: sum(({ weights }) => weights),
    changed: sum(({ changed }) => changed),
    moves: [...moves].map(([by, count]) => ({ by, count })).toSorted((a, b) => a.by - b.by),
    relativeChange:
      moved /
      Math.max(
        1,
        magnitudes.reduce((a, b) => a + b, 0),
      ),
    zeros: { before: sum(({ zeros }) => zeros.before), after: sum(({ zeros }) => zeros.after) },
    biases: sum(({ biases }) => biases),
    biasesChanged: sum(({ biasesChanged }) => biasesChanged),
    layers: layers.length,
    layersChanged: layers.filter(({ changed }) => changed > 0).length,
  };
}

function magnitude(values: Int8Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}

function zerosIn(values: Int8Array): number {
  return values.filter((value) => value === 0).length;
}

function meanOf(values: Int8Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
