import type { Softmax } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';
import { softmaxFactor } from '../rescale-factors.ts';

/** Of the options in BuiltinOptions. */
const UNION = 9;
const OPTIONS = { beta: 0 } as const;

/** Probabilities 0 to 255/256, which is what the integer kernel writes. */
const OUTPUT = { scale: 1 / 256, zeroPoint: -128 } as const;

export const softmax: OperatorReader = {
  name: 'SOFTMAX',
  code: 25,
  maxVersion: 3,
  read(source) {
    source.requireInputs(1);
    const input = source.int8(0);
    const output = source.int8Output();
    const beta = source.options(UNION, OPTIONS).float('beta');
    source.requireShape(output, input.shape, 'the input');
    if (input.shape.length === 0) source.refuse('a scalar has no axis to normalize over', input);
    if (
      Math.abs(output.scale - OUTPUT.scale) > OUTPUT.scale / 1000 ||
      output.zeroPoint !== OUTPUT.zeroPoint
    ) {
      source.refuse(
        `its scale ${output.scale} and zero point ${output.zeroPoint} are not 1/256 and ${OUTPUT.zeroPoint}`,
        output,
      );
    }
    const operator: Softmax = { op: 'SOFTMAX', index: source.index, input, beta, output };
    const factor = softmaxFactor(operator);
    if (!(factor > 1))
      source.refuse(`the factor beta*Sx*2^26 = ${factor} is not above 1; check beta = ${beta}`);
    return operator;
  },
};

export function writeSoftmax({ input, beta }: Given<Softmax>): WrittenOperator {
  return {
    version: 2,
    inputs: [input],
    optionsType: UNION,
    options: [{ slot: OPTIONS.beta, float32: beta }],
  };
}
