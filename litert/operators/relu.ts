import type { FusedActivation, Relu } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader, OperatorSource } from '../operator-source.ts';
import { reluFactor } from '../rescale-factors.ts';
import { clampOf } from './fused-activation.ts';

export const relu: readonly OperatorReader[] = [
  { name: 'RELU', code: 19, maxVersion: 3, read: (source) => read(source, 'RELU', 'relu') },
  {
    name: 'RELU_N1_TO_1',
    code: 20,
    maxVersion: 1,
    read: (source) => read(source, 'RELU_N1_TO_1', 'relu_n1_to_1'),
  },
  { name: 'RELU6', code: 21, maxVersion: 3, read: (source) => read(source, 'RELU6', 'relu6') },
];

function read(source: OperatorSource, op: Relu['op'], activation: FusedActivation): Relu {
  source.requireInputs(1);
  const input = source.int8(0);
  const output = source.int8Output();
  source.requireShape(output, input.shape, 'the input');
  const operator: Relu = { op, index: source.index, input, output, ...clampOf(source, activation, output) };
  source.requireFactor(reluFactor(operator), 'Sx/Sy');
  return operator;
}

export function writeRelu({ op, input }: Given<Relu>): WrittenOperator {
  return { version: op === 'RELU_N1_TO_1' ? 1 : 2, inputs: [input], optionsType: 0, options: [] };
}
