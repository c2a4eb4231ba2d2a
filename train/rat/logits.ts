/** Losses are of logits: what a final SOFTMAX reads, or else the output itself. */
import type { Activation, Model, Operator } from '../../litert/index.ts';

export interface Logits {
  readonly tensor: Activation;
  /** Real logit that one unit of the tensor makes: its scale, times SOFTMAX's beta. */
  readonly unit: number;
}

/** Throws RangeError where a model has not one output of at least two elements. */
export function logitsOf({ operators, outputs }: Model): Logits {
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1 || output.size < 2) {
    throw new RangeError(
      `the model has ${outputs.length === 1 ? 'an output of one element' : `${outputs.length} outputs`}; training takes a classifier, with one output that has an element for each class`,
    );
  }
  const producerOf = (tensor: Activation): Operator | undefined =>
    operators.findLast((operator) => operator.output === tensor);
  // Behind a SOFTMAX, the type or the shape may change.
  let producer = producerOf(output);
  while (producer?.op === 'QUANTIZE' || producer?.op === 'RESHAPE') producer = producerOf(producer.input);
  return producer?.op === 'SOFTMAX'
    ? { tensor: producer.input, unit: producer.input.scale * producer.beta }
    : { tensor: output, unit: output.scale };
}
