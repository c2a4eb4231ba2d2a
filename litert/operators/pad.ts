import type { Pad } from '../model.ts';
import { type Given, parameter, type WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';

export const pad: OperatorReader = {
  name: 'PAD',
  code: 34,
  maxVersion: 4,
  read(source) {
    source.requireInputs(2);
    const input = source.int8(0);
    const amounts = source.parameter(1);
    const output = source.int8Output();
    const rank = input.shape.length;
    if (amounts.shape.length !== 2 || amounts.shape[0] !== rank || amounts.shape[1] !== 2) {
      source.refuse(`its shape [${amounts.shape}] is not [${rank}, 2]`, amounts);
    }
    const negative = amounts.data.find((amount) => amount < 0);
    if (negative !== undefined) source.refuse(`a padding of ${negative} is negative`, amounts);
    const before = [...amounts.data].filter((_, i) => i % 2 === 0);
    const after = [...amounts.data].filter((_, i) => i % 2 === 1);
    const shape = input.shape.map((length, axis) => length + (before[axis] ?? 0) + (after[axis] ?? 0));
    source.requireShape(output, shape, 'the padding');
    return { op: 'PAD', index: source.index, input, before, after, output };
  },
};

export function writePad({ input, before, after, output }: Given<Pad>): WrittenOperator {
  const amounts = before.flatMap((amount, axis) => [amount, after[axis] ?? 0]);
  return {
    version: before.length > 4 ? 4 : 2,
    inputs: [input, parameter(`${output.name}/paddings`, [before.length, 2], amounts)],
    optionsType: 0,
    options: [],
  };
}
