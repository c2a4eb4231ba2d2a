/** What the layers of a model read when it runs on sample inputs. */
import { inputRows, spreadPositions } from '../accuracy/index.ts';
import type { Elements, Program } from '../infer/index.ts';
import { type Activation, type DotProduct, isDotProduct } from '../litert/index.ts';
import { Moments } from './moments.ts';

/** One for all output channels, or one for each input channel of DEPTHWISE_CONV_2D. */
export type LayerMoments = readonly Moments[];

/** Positions of an output that are looked at, for each sample: neighbours say almost the same. */
const POSITIONS = 64;

/**
 * @param inputs of a program whose model has one input
 * @param step called after each of them
 */
export async function momentsOf(
  program: Program,
  inputs: readonly Elements[],
  step: () => Promise<void>,
): Promise<ReadonlyMap<DotProduct, LayerMoments>> {
  const { model } = program;
  const layers = new Map<DotProduct, LayerMoments>(
    model.operators.filter(isDotProduct).map((operator) => [operator, emptyMoments(operator)]),
  );
  for (const [sample, input] of inputs.entries()) {
    const see = (tensor: Activation | undefined, values: Elements) => {
      if (!(values instanceof Int8Array)) return;
      for (const [operator, moments] of layers) {
        if (operator.input === tensor) addRows(operator, values, moments, sample);
      }
    };
    see(model.inputs[0], input);
    program.run([input], ({ output }, values) => see(output, values));
    await step();
  }
  return layers;
}

function emptyMoments(operator: DotProduct): LayerMoments {
  const { weights } = operator;
  if (operator.op !== 'DEPTHWISE_CONV_2D') return [new Moments(weights.size / weights.channels)];
  const { window, depthMultiplier } = operator;
  return Array.from(
    { length: weights.channels / depthMultiplier },
    () => new Moments(window.height * window.width),
  );
}

function addRows(operator: DotProduct, x: Int8Array, moments: LayerMoments, sample: number): void {
  const rows = inputRows(operator, x, spreadPositions(operator, POSITIONS, sample));
  if (operator.op !== 'DEPTHWISE_CONV_2D') {
    for (const row of rows) moments[0]?.add(row);
    return;
  }
  const channels = moments.length;
  const own = new Int16Array(operator.window.height * operator.window.width);
  for (const row of rows) {
    for (let channel = 0; channel < channels; channel++) {
      for (let tap = 0; tap < own.length; tap++) own[tap] = row[tap * channels + channel] ?? 0;
      moments[channel]?.add(own);
    }
  }
}
