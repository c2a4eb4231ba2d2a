import type { Reduce } from '../model.ts';
import { type Given, parameter, type WrittenOperator } from '../model-description.ts';
import type { OperatorReader, OperatorSource } from '../operator-source.ts';
import { scaleRatio } from '../rescale-factors.ts';

/** Of the options in BuiltinOptions. */
const UNION = 27;
const OPTIONS = { keepDims: 0 } as const;

export const reduce: readonly OperatorReader[] = [
  { name: 'MEAN', code: 40, maxVersion: 3, read: (source) => read(source, 'MEAN') },
  { name: 'SUM', code: 74, maxVersion: 2, read: (source) => read(source, 'SUM') },
];

function read(source: OperatorSource, op: Reduce['op']): Reduce {
  source.requireInputs(2);
  const input = source.int8(0);
  const list = source.parameter(1);
  const output = source.int8Output();
  const keepDims = source.options(UNION, OPTIONS).flag('keepDims');
  const rank = input.shape.length;
  const wrong = list.data.find((axis) => axis < -rank || axis >= rank);
  if (wrong !== undefined) source.refuse(`axis ${wrong} is not one of shape [${input.shape}]`, list);
  const chosen = new Set([...list.data].map((axis) => (axis < 0 ? axis + rank : axis)));
  const axes = [...chosen].sort((a, b) => a - b);
  const shape = keepDims
    ? input.shape.map((length, axis) => (chosen.has(axis) ? 1 : length))
    : input.shape.filter((_, axis) => !chosen.has(axis));
  source.requireShape(output, shape, 'the reduction');
  const operator: Reduce = { op, index: source.index, input, axes, keepDims, output };
  source.requireFactor(scaleRatio(operator), 'Sx/Sy');
  return operator;
}

export function writeReduce({ input, axes, keepDims, output }: Given<Reduce>): WrittenOperator {
  return {
    version: 2,
    inputs: [input, parameter(`${output.name}/axes`, [axes.length], axes)],
    optionsType: UNION,
    options: [{ slot: OPTIONS.keepDims, int8: keepDims ? 1 : 0 }],
  };
}
