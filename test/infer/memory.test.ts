import { expect, test } from 'vitest';
import { planMemory } from '../../infer/memory.ts';
import {
  type Activation,
  type Int8Activation,
  inputsOf,
  type Model,
  type Operator,
} from '../../litert/index.ts';
import { oracleFiles, realModel } from '../support/oracle.ts';
import { REAL_MODELS, testWithShared } from '../support/shared.ts';
import { int8 } from './models.ts';

/** Plays the model: each operator's inputs must still be what was written last at their place. */
function expectKept(model: Model): void {
  const { offsets, bytes } = planMemory(model);
  const owner: (Activation | undefined)[] = [];
  const write = (tensor: Activation) => {
    const start = offsets.get(tensor) ?? Number.NaN;
    expect(start % 16).toBe(0);
    expect(start + tensor.size).toBeLessThanOrEqual(bytes);
    owner.fill(tensor, start, start + tensor.size);
  };
  const expectOwned = (tensor: Activation) => {
    const start = offsets.get(tensor) ?? Number.NaN;
    expect(owner.slice(start, start + tensor.size).every((one) => one === tensor)).toBe(true);
  };
  owner.length = bytes;
  const constants = model.operators.flatMap(inputsOf).filter(({ data }) => data !== undefined);
  for (const tensor of [...constants, ...model.inputs]) write(tensor);
  for (const operator of model.operators) {
    // The output is written while the inputs are read.
    write(operator.output);
    for (const input of inputsOf(operator)) expectOwned(input);
  }
  for (const tensor of [...constants, ...model.outputs]) expectOwned(tensor);
}

for (const name of REAL_MODELS) {
  testWithShared(oracleFiles(name), `${name}: nothing is overwritten that is still needed`, () => {
    expectKept(realModel(name));
  });
}

const outputRange = { outputZeroPoint: 0, activationMin: -128, activationMax: 127 };

function sums(...terms: readonly (readonly [Int8Activation, Int8Activation, Int8Activation])[]): Model {
  const operators = terms.map(([left, right, output], index): Operator => {
    return { op: 'ADD', index, activation: 'none', outputRange, left, right, output };
  });
  const tensors = [...new Set(terms.flat())];
  const outputs = tensors.slice(-1);
  return { description: '', tensors, operators, inputs: tensors.slice(0, 1), outputs };
}

test('an operand that is used again much later keeps its place', () => {
  const [a, b, c, d] = [tensor(), tensor(), tensor(), tensor()];
  const model = sums([a, a, b], [b, b, c], [c, a, d]);
  expectKept(model);
  // b and d never meet.
  expect(planMemory(model).bytes).toBe(3 * 48);
});

test('an output that nobody reads is not written over others', () => {
  const [a, unread, b] = [tensor(), tensor(), tensor()];
  expectKept(sums([a, a, unread], [a, a, b]));
});

function tensor(): Int8Activation {
  return int8([40], 1, 0);
}

testWithShared(
  oracleFiles('mobilenet_v2_224_int8'),
  'memory is shared: MobileNet-V2 needs little more than its largest operator',
  () => {
    const model = realModel('mobilenet_v2_224_int8');
    const sizes = model.operators.map(
      (operator) => operator.output.size + Math.max(...inputsOf(operator).map(({ size }) => size)),
    );
    expect(planMemory(model).bytes).toBeLessThan(1.25 * Math.max(...sizes));
  },
);
