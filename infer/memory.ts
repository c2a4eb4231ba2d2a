/** Where each activation of a model lies in memory, planned once. */
import { type Activation, inputsOf, type Model } from '../litert/index.ts';

/** Kernels load and store 16 bytes at a time. */
const ALIGNMENT_BYTES = 16;

export interface MemoryPlan {
  /** First byte of each activation, from the start of the plan. */
  readonly offsets: ReadonlyMap<Activation, number>;
  readonly bytes: number;
}

interface Placed {
  readonly offset: number;
  readonly end: number;
  /** The operators between which the tensor must be kept, both included; -1 stands for what is there before. */
  readonly from: number;
  readonly to: number;
}

/**
 * Tensors that are never needed at the same time share memory, so that what is worked on stays in the cache:
 * in execution order, each takes the lowest place that is free for as long as it lives. Constants live always.
 */
export function planMemory(model: Model): MemoryPlan {
  const placed = new Map<Activation, Placed>();
  const place = (tensor: Activation, from: number) => {
    if (placed.has(tensor)) return;
    const bytes = Math.ceil(tensor.size / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    const to = Math.max(from, lastUse(model, tensor)); // written, even if nobody reads it
    const offset = lowestGap(
      [...placed.values()].filter((other) => other.from <= to && from <= other.to),
      bytes,
    );
    placed.set(tensor, { offset, end: offset + bytes, from, to });
  };
  for (const operator of model.operators) {
    for (const input of inputsOf(operator)) if (input.data !== undefined) place(input, -1);
  }
  for (const input of model.inputs) place(input, -1);
  model.operators.forEach(({ output }, step) => {
    place(output, step);
  });
  return {
    offsets: new Map([...placed].map(([tensor, { offset }]) => [tensor, offset])),
    bytes: Math.max(0, ...[...placed.values()].map(({ end }) => end)),
  };
}

function lastUse({ operators, outputs }: Model, tensor: Activation): number {
  if (tensor.data !== undefined || outputs.includes(tensor)) return operators.length;
  return operators.findLastIndex((operator) => inputsOf(operator).includes(tensor));
}

function lowestGap(others: readonly Placed[], bytes: number): number {
  let offset = 0;
  for (const other of others.toSorted((a, b) => a.offset - b.offset)) {
    if (other.offset - offset >= bytes) break;
    offset = Math.max(offset, other.end);
  }
  return offset;
}
