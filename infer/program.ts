/** A model made ready to run under one arithmetic: memory laid out, constants packed, multipliers prepared. */
import type { Activation, Model, Operator } from '../litert/index.ts';
import type { Arithmetic } from './arithmetic.ts';
import { prepareFast } from './fast/index.ts';
import { instantiateKernels, type KernelModule } from './fast/kernels.ts';
import { MemoryBuilder } from './fast/memory-builder.ts';
import { planMemory } from './memory.ts';
import { prepareOperator } from './operators/index.ts';
import { type Elements, type Values, valuesAt } from './values.ts';

/** Sees the output of each operator in turn; the array is the program's own, copy what is to be kept. */
export type Observer = (operator: Operator, output: Elements) => void;

/** Has one memory, so it does one run at a time. */
export interface Program {
  readonly model: Model;
  readonly arithmetic: Arithmetic;
  /**
   * @param inputs one for each input of the model, of its type and size
   * @returns one for each output of the model, yours to keep
   *
   * Throws RangeError where an input does not fit the model.
   */
  run(inputs: readonly Elements[], observe?: Observer): readonly Elements[];
  /** To be called after values of weights or biases of the model have changed in place, as training does it. */
  refresh(): void;
}

/**
 * @param kernels from `loadKernels`; without them the reference implementation runs, which is slow and readable
 *
 * Throws RangeError, naming the operator, where a factor of the model cannot be a multiplier, and where k is
 * outside 1..32.
 */
export function prepare(model: Model, arithmetic: Arithmetic, kernels?: KernelModule): Program {
  const { values, steps, refresh } =
    kernels === undefined ? prepareReference(model, arithmetic) : prepareKernels(model, arithmetic, kernels);
  return {
    model,
    arithmetic,
    refresh,
    run(inputs, observe) {
      model.inputs.forEach((tensor, i) => {
        values.of(tensor).set(fitting(tensor, inputs[i]));
      });
      model.operators.forEach((operator, i) => {
        steps[i]?.();
        observe?.(operator, values.of(operator.output));
      });
      return model.outputs.map((tensor) => values.of(tensor).slice());
    },
  };
}

interface Prepared {
  readonly values: Values;
  /** One for each operator. */
  readonly steps: readonly (() => void)[];
  readonly refresh: () => void;
}

function prepareReference(model: Model, arithmetic: Arithmetic): Prepared {
  const { offsets, bytes } = planMemory(model);
  const values = valuesAt(offsets, new ArrayBuffer(bytes));
  const steps = model.operators.map((operator) => {
    const step = named(operator, () => prepareOperator(operator, arithmetic));
    return () => step(values);
  });
  // The operators read weights where the model has them.
  return { values, steps, refresh: () => undefined };
}

function prepareKernels(model: Model, arithmetic: Arithmetic, kernelModule: KernelModule): Prepared {
  const plan = planMemory(model);
  const builder = new MemoryBuilder(plan);
  const binds = model.operators.map((operator) =>
    named(operator, () => prepareFast(operator, arithmetic, builder, kernelModule.format)),
  );
  const { memory, scratch, refresh } = builder.build();
  const values = valuesAt(plan.offsets, memory.buffer);
  const kernels = instantiateKernels(kernelModule, memory);
  return { values, steps: binds.map((bind) => bind({ kernels, values, scratch })), refresh };
}

function named<T>(operator: Operator, prepareIt: () => T): T {
  try {
    return prepareIt();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`operator ${operator.index} (${operator.op}): ${error.message}`, { cause: error });
  }
}

function fitting(tensor: Activation, input: Elements | undefined): Elements {
  const [wanted, given] = [
    describe(tensor.type, tensor.size),
    input && describe(typeOf(input), input.length),
  ];
  if (input !== undefined && wanted === given) return input;
  throw new RangeError(
    `the input for tensor ${tensor.index} (${tensor.name}) is ${given ?? 'missing'}, the model takes ${wanted}`,
  );
}

function typeOf(elements: Elements): Activation['type'] {
  return elements instanceof Int8Array ? 'int8' : 'uint8';
}

function describe(type: Activation['type'], size: number): string {
  return `${size} x ${type}`;
}
