import type { Quantize } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';
import { scaleRatio } from '../rescale-factors.ts';

export const quantize: OperatorReader = {
  name: 'QUANTIZE',
  code: 114,
  maxVersion: 4,
  read(source) {
    source.requireInputs(1);
    const input = source.activation(0);
    const output = source.output();
    source.requireShape(output, input.shape, 'the input');
    const operator: Quantize = { op: 'QUANTIZE', index: source.index, input, output };
    source.requireFactor(scaleRatio(operator), 'Sx/Sy');
    return operator;
  },
};

export function writeQuantize({ input }: Given<Quantize>): WrittenOperator {
  return { version: 1, inputs: [input], optionsType: 0, options: [] };
}
