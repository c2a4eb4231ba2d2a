/** Where the error of narrow multipliers arises: each layer's output against stock, and against Eq. (5). */
import { decomposeMultiplier } from '../golden/index.ts';
import {
  type Elements,
  type KernelModule,
  type NarrowArithmetic,
  type Program,
  prepare,
} from '../infer/index.ts';
import {
  type Activation,
  type DotProduct,
  inputsOf,
  isDotProduct,
  type Model,
  type Operator,
  type OperatorName,
  rescaleFactors,
} from '../litert/index.ts';
import { accumulatorsOf, inputRows, positionsOf, spreadPositions } from './layer-rows.ts';

export interface LayerError {
  readonly operator: number;
  readonly op: OperatorName;
  /**
   * Signal-to-noise ratio of the output against stock's, in dB, zero point apart: where the operator reads what
   * stock gives it, so that the error is its own. Infinity where nothing differs.
   */
  readonly ownDb: number;
  /** The same where all operators are narrow, so that errors of earlier ones are in it. */
  readonly totalDb: number;
  /** Of operators with weights. */
  readonly errorModel?: ErrorModelCheck;
}

/** er of Eq. (5) in steps of the output, over accumulators whose output does not saturate. */
export interface ErrorModelCheck {
  readonly outputs: number;
  /** Root mean square of y - a*M, which is er / Sy. */
  readonly measuredRms: number;
  /** What Eq. (5) says if dr is uniform in (-1/2, 1/2): the root of mean((a*(Mq - M))^2) + 1/12. */
  readonly predictedRms: number;
  /** The greatest |y - a*Mq|, which Eq. (5) has at most at 1/2. */
  readonly greatestRounding: number;
}

/** Outputs of a layer that Eq. (5) is checked on, for each input of the model. */
const CHECKED_POSITIONS = 16;

/** @param inputs of a model with one input */
export function layerErrors(
  model: Model,
  inputs: readonly Elements[],
  arithmetic: NarrowArithmetic,
  kernels: KernelModule,
): readonly LayerError[] {
  const stock = prepare(model, 'stock', kernels);
  const narrow = prepare(model, arithmetic, kernels);
  const layers = model.operators.map(
    (operator) => new LayerMeasurement(model, operator, arithmetic, kernels),
  );
  inputs.forEach((input, sample) => {
    const reference = outputsOf(stock, input);
    const actual = outputsOf(narrow, input);
    for (const layer of layers) layer.add(sample, reference, actual);
  });
  return layers.map((layer) => layer.result());
}

type Outputs = ReadonlyMap<Activation, Elements>;

/** Every activation of a run, the input and constants among them. */
function outputsOf(program: Program, input: Elements): Outputs {
  const { model } = program;
  const outputs = new Map<Activation, Elements>();
  for (const tensor of model.inputs) outputs.set(tensor, input);
  for (const tensor of model.operators.flatMap(inputsOf)) {
    if (tensor.data !== undefined) outputs.set(tensor, tensor.data);
  }
  program.run([input], ({ output }, values) => outputs.set(output, values.slice()));
  return outputs;
}

class LayerMeasurement {
  readonly #operator: Operator;
  /** The operator alone. */
  readonly #program: Program;
  readonly #inputs: readonly Activation[];
  readonly #own = new Noise();
  readonly #total = new Noise();
  readonly #check: ErrorModelMeasurement | undefined;

  constructor(model: Model, operator: Operator, arithmetic: NarrowArithmetic, kernels: KernelModule) {
    this.#operator = operator;
    this.#inputs = inputsOf(operator).filter(({ data }) => data === undefined);
    const alone = { ...model, operators: [operator], inputs: this.#inputs, outputs: [operator.output] };
    this.#program = prepare(alone, arithmetic, kernels);
    this.#check = isDotProduct(operator) ? new ErrorModelMeasurement(operator, arithmetic) : undefined;
  }

  add(sample: number, reference: Outputs, actual: Outputs): void {
    const { output } = this.#operator;
    const read = this.#inputs.map((tensor) => valuesOf(reference, tensor));
    const [own = new Int8Array()] = this.#program.run(read);
    const wanted = valuesOf(reference, output);
    this.#own.add(wanted, own, output.zeroPoint);
    this.#total.add(wanted, valuesOf(actual, output), output.zeroPoint);
    const [x] = read;
    if (x instanceof Int8Array && own instanceof Int8Array) this.#check?.add(sample, x, own);
  }

  result(): LayerError {
    const { index, op } = this.#operator;
    const own = { operator: index, op, ownDb: this.#own.ratioDb(), totalDb: this.#total.ratioDb() };
    return this.#check === undefined ? own : { ...own, errorModel: this.#check.result() };
  }
}

function valuesOf(outputs: Outputs, tensor: Activation): Elements {
  const values = outputs.get(tensor);
  if (values === undefined) throw new Error(`tensor ${tensor.index} has no value`);
  return values;
}

class Noise {
  #signal = 0;
  #noise = 0;

  add(wanted: Elements, actual: Elements, zeroPoint: number): void {
    for (let i = 0; i < wanted.length; i++) {
      const q = wanted[i] ?? 0;
      this.#signal += (q - zeroPoint) ** 2;
      this.#noise += (q - (actual[i] ?? 0)) ** 2;
    }
  }

  ratioDb(): number {
    return this.#noise === 0 ? Infinity : 10 * Math.log10(this.#signal / this.#noise);
  }
}

class ErrorModelMeasurement {
  readonly #layer: DotProduct;
  readonly #factors: Float64Array;
  /** Mq of each channel. */
  readonly #narrow: Float64Array;
  #outputs = 0;
  #squares = 0;
  #multiplierSquares = 0;
  #greatestRounding = 0;

  constructor(layer: DotProduct, { k, rounding }: NarrowArithmetic) {
    this.#layer = layer;
    this.#factors = rescaleFactors(layer);
    this.#narrow = this.#factors.map((M) => {
      const { multiplier, shift } = decomposeMultiplier(M, { k, rounding, leadingOne: 'explicit' });
      return multiplier * 2 ** -shift;
    });
  }

  add(sample: number, x: Int8Array, y: Int8Array): void {
    const { activationMin, activationMax, outputZeroPoint } = this.#layer.outputRange;
    const positions = spreadPositions(this.#layer, CHECKED_POSITIONS, sample);
    const channels = y.length / positionsOf(this.#layer);
    inputRows(this.#layer, x, positions).forEach((row, i) => {
      accumulatorsOf(this.#layer, row).forEach((a, channel) => {
        const q = y[(positions[i] ?? 0) * channels + channel] ?? 0;
        if (q <= activationMin || q >= activationMax) return;
        const [M, Mq] = [this.#factors[channel] ?? 0, this.#narrow[channel] ?? 0];
        this.#outputs += 1;
        this.#squares += (q - outputZeroPoint - a * M) ** 2;
        this.#multiplierSquares += (a * (Mq - M)) ** 2;
        this.#greatestRounding = Math.max(this.#greatestRounding, Math.abs(q - outputZeroPoint - a * Mq));
      });
    });
  }

  result(): ErrorModelCheck {
    const outputs = this.#outputs;
    const count = Math.max(1, outputs);
    return {
      outputs,
      measuredRms: Math.sqrt(this.#squares / count),
      predictedRms: Math.sqrt(this.#multiplierSquares / count + 1 / 12),
      greatestRounding: this.#greatestRounding,
    };
  }
}
