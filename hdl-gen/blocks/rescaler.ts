/**
 * The rescaler: one int32 accumulator to one int8 output (Algorithm 1; golden/rescale.ts is the
 * specification, rounding and saturation are described there).
 *
 * Each architecture is one path of steps. `cut` is called between them and may put registers there, so that
 * the combinational rescaler and the pipelined one are the same text.
 */
import {
  concat,
  type Dimension,
  defineModule,
  input,
  output,
  pow2,
  repeat,
  type Scope,
  type Signal,
  unsigned,
  unsignedLiteral,
} from '../dsl/index.ts';
import {
  PARAMETERS,
  type PipelineDepth,
  type RescalerOptions,
  rescalePorts,
  significandWidth,
} from './parameters.ts';
import { type Cut, noCut, registersAfter } from './pipeline.ts';

type Signed = Signal<'signed'>;
type Unsigned = Signal<'unsigned'>;

interface RescaleInputs {
  readonly acc: Signed;
  readonly multiplier: Unsigned;
  readonly shift: Unsigned;
  readonly zero_point: Signed;
  readonly act_min: Signed;
  readonly act_max: Signed;
}

/** Where the path can be cut: after the product, after the rounding, after the shift. */
type Step = 'product' | 'rounded' | 'quotient';

/** The cuts that each number of pipeline stages makes. */
const CUTS: Readonly<Record<PipelineDepth, readonly Step[]>> = {
  0: [],
  1: ['rounded'],
  2: ['rounded', 'quotient'],
  3: ['product', 'rounded', 'quotient'],
};

/** The combinational rescaler. */
export function rescaler(options: RescalerOptions) {
  return defineModule({
    name: 'rescaler',
    description: `int32 accumulator to int8 output, combinational.\n${EQUATION}\n${describe(options)}`,
    parameters: { K: PARAMETERS.K },
    ports: ({ K }) => ({
      acc: input.signed(32, 'Accumulator a'),
      ...rescalePorts(K, options.leadingOne, ''),
      out: output.signed(8, 'Output y'),
    }),
    body: (scope, inputs, { K }) => ({ out: path(scope, inputs, K, options, noCut) }),
  });
}

/** The rescaler with 1 to 3 register stages inside; a new input every cycle. */
export function pipelinedRescaler(options: RescalerOptions, pipeline: Exclude<PipelineDepth, 0>) {
  return defineModule({
    name: 'rescaler_pipelined',
    description: `int32 accumulator to int8 output in ${pipeline} register stages, a new input every cycle.\n${EQUATION}\n${describe(options)}`,
    parameters: { K: PARAMETERS.K },
    ports: ({ K }) => ({
      clk: input.unsigned(1, 'Clock, rising edge'),
      acc: input.signed(32, 'Accumulator a'),
      ...rescalePorts(K, options.leadingOne, ''),
      out: output.signed(8, `Output y, ${pipeline} cycles later`),
    }),
    body: (scope, { clk, ...inputs }, { K }) => ({
      out: path(scope, inputs, K, options, registersAfter(scope, clk, CUTS[pipeline])),
    }),
  });
}

const EQUATION = '  out = clamp(zero_point + floor((acc * m + 2^(shift-1)) / 2^shift), act_min, act_max)';

function describe({ arch, leadingOne }: RescalerOptions): string {
  const m = leadingOne === 'hidden' ? '{1, multiplier}' : 'multiplier';
  const how = arch === 'plain' ? 'Algorithm 1 as written' : 'only the bits that survive the saturation';
  return `Here m is ${m}; the quotient is taken as a 32-bit value; there is no rounding at shift 0.\nArchitecture ${arch}: ${how}.`;
}

function path(
  scope: Scope,
  inputs: RescaleInputs,
  K: Dimension,
  { arch, leadingOne }: RescalerOptions,
  cut: Cut<Step>,
): Signed {
  const m = leadingOne === 'hidden' ? concat(unsignedLiteral(1, 1), inputs.multiplier) : inputs.multiplier;
  const width = significandWidth(K, leadingOne);
  return arch === 'plain' ? plain(scope, inputs, m, width, cut) : fast(scope, inputs, m, width, cut);
}

/** Algorithm 1 line by line: the readable reference. */
function plain(
  scope: Scope,
  { acc, ...rest }: RescaleInputs,
  m: Unsigned,
  width: Dimension,
  cut: Cut<Step>,
): Signed {
  const rounded = roundedProduct(scope, acc, m, width, rest, cut);

  scope.comment('Algorithm 1, line 4: floor(rounded / 2^shift), taken as a 32-bit value.');
  const shifted = scope.wire('shifted', rounded.value.shiftRight(rounded.shift));
  const { zero_point, act_min, act_max, quotient } = cut('quotient', {
    ...activation(rounded),
    quotient: scope.wire('quotient', shifted.wrap(32)),
  });

  scope.comment('Eq. (1): add the zero point, clamp to the activation range.');
  const sum = scope.wire('sum', zero_point.add(quotient));
  return scope.wire('clamped', sum.clamp(act_min, act_max));
}

/**
 * Only what survives: a clamped output depends on nine bits of the quotient and on whether it is within
 * them, so the shifter is nine bits wide at its end and the range check runs beside it.
 */
function fast(
  scope: Scope,
  { acc, ...rest }: RescaleInputs,
  m: Unsigned,
  width: Dimension,
  cut: Cut<Step>,
): Signed {
  const { value, shift, ...output } = roundedProduct(scope, acc, m, width, rest, cut);

  scope.comment(
    'Algorithm 1, line 4: the low nine bits of the quotient. Stage i shifts by 2^i and keeps only the bits that later stages can still reach.',
  );
  const stages = scope.localParameter('STAGES', shift.width);
  const source = scope.wire('source', value, pow2(stages).plus(8));
  const stage = scope.family(
    'stage',
    { genvar: 'i', first: stages, last: 0 },
    (i) => ({ kept: unsigned(pow2(i).plus(8)) }),
    (block, i, family) => {
      const width = pow2(i).plus(8);
      const entry = { label: 'entry', describe: () => source.asUnsigned() };
      const move = {
        label: 'move',
        describe: (move: Scope) => {
          const wide = move.wire('wide', family.at(i.plus(1)).kept);
          return shift.bit(i).select(wide.slice(pow2(i), width), wide.slice(0, width));
        },
      };
      return { kept: block.choose('kept', unsigned(width), i.atLeast(stages), entry, move) };
    },
  );

  scope.comment(
    'The quotient, bits shift+31 to shift, fits into nine bits when no two neighbours differ from bit shift+8 up to bit shift+31.',
  );
  const last = value.width.minus(1);
  const differs = scope.wire('differs', value.slice(8, last.minus(8)).xor(value.slice(9, last.minus(8))));
  const from = scope.wire('from', repeat(unsignedLiteral(1, 1), differs.width).shiftLeftWrap(shift));
  const beyond = scope.wire('beyond', concat(from.slice(0, from.width.minus(23)), unsignedLiteral(0, 23)));
  const outside = scope.wire('outside', differs.and(from).and(beyond.not()).any());
  const high = scope.wire('high', value.slice(31, last.minus(30)).asSigned());
  const signs = scope.wire('signs', high.shiftRight(shift));
  const { zero_point, act_min, act_max, quotient, saturated, negative } = cut('quotient', {
    ...output,
    quotient: stage.at(0).kept,
    saturated: outside,
    negative: scope.wire('negative', signs.wrap(1).asUnsigned()),
  });

  scope.comment(
    'Eq. (1): add the zero point, clamp to the activation range; beyond nine bits the sign decides.',
  );
  const sum = scope.wire('sum', zero_point.add(quotient.asSigned()));
  return scope.wire(
    'clamped',
    saturated.select(negative.select(act_min, act_max), sum.clamp(act_min, act_max)),
  );
}

/** Algorithm 1, lines 2 and 3, with the parameters that the next steps need. */
function roundedProduct(
  scope: Scope,
  acc: Signed,
  m: Unsigned,
  width: Dimension,
  rest: Omit<RescaleInputs, 'acc' | 'multiplier'>,
  cut: Cut<Step>,
) {
  scope.comment('Algorithm 1, line 3: the product of 32 + k bits.');
  const multiplied = cut('product', {
    ...activation(rest),
    product: scope.wire('product', acc.mul(m)),
    shift: rest.shift,
  });
  const { product, shift } = multiplied;

  scope.comment('Algorithm 1, lines 2 and 3: add 2^(shift-1), nothing at shift 0.');
  const power = unsignedLiteral(1, width.plus(25)).shiftLeftWrap(shift);
  const half = scope.wire('half', power.shiftRight(unsignedLiteral(1)));
  return cut('rounded', {
    ...activation(multiplied),
    value: scope.wire('rounded', product.add(half.toSigned())),
    shift,
  });
}

/** Zero point and clamp, which go through all steps. */
function activation({ zero_point, act_min, act_max }: Omit<RescaleInputs, 'acc' | 'multiplier' | 'shift'>) {
  return { zero_point, act_min, act_max };
}
