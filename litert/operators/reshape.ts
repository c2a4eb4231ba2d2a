import type { Reshape } from '../model.ts';
import { type Given, parameter, type WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';

const OPTIONS = { newShape: 0 } as const;

export const reshape: OperatorReader = {
  name: 'RESHAPE',
  code: 22,
  maxVersion: 1,
  read(source) {
    source.requireInputs(1, 2);
    const input = source.activation(0);
    const list = source.hasInput(1) ? source.parameter(1) : undefined;
    const output = source.output();
    // The second input wins; -1 stands for what is left.
    const shape = list?.data ?? source.options(17, OPTIONS).int32s('newShape') ?? [];
    const matches = output.shape.every((length, axis) => shape[axis] === length || shape[axis] === -1);
    if (shape.length !== output.shape.length || !matches) {
      source.refuse(`its shape [${output.shape}] is not the new shape [${shape.join(',')}]`, output);
    }
    if (input.size !== output.size) {
      source.refuse(
        `its shape [${output.shape}] has not as many elements as the input's, [${input.shape}]`,
        output,
      );
    }
    if (input.type !== output.type)
      source.refuse(`is ${output.type}, but the input is ${input.type}`, output);
    return { op: 'RESHAPE', index: source.index, input, output };
  },
};

export function writeReshape({ input, output }: Given<Reshape>): WrittenOperator {
  const { name, shape } = output;
  return {
    version: 1,
    inputs: [input, parameter(`${name}/shape`, [shape.length], shape)],
    optionsType: 0,
    options: [],
  };
}
