/**
 * A cell library of no technology, written from the theory of logical effort (Sutherland, Sproull, Harris), so
 * that a sweep works with nothing else at hand. Its ratios are what counts: an area is in NAND2 equivalents
 * (one um2 each), a delay in multiples of the delay unit {@link TAU_PS}; neither is that of a real process.
 *
 * **Area.** Cells stand in rows of one height, so area is width, counted in columns: one for each pair of an
 * NMOS and a PMOS transistor, one for each place where the diffusion is broken between stages that share no
 * node, and two between a cell and its neighbours. The NAND2 has four columns.
 *
 * **Delay.** A gate of strength X has transistors of X fingers. It drives a load C with
 * t = tau * r * (p + C / (X * Cin)): r is the resistance of the transistors that conduct, against those of the
 * inverter; p the parasitic capacitance of the drains at the output. As every input has the capacitance of an
 * inverter, r is the logical effort. Transistors in series resist less than their number says, for the
 * voltage across each is less. The slew at the input adds a part of itself to the delay, and to the slew at
 * the output in quadrature.
 *
 * Cells of several stages are computed stage by stage, with the slew that the stage before makes.
 *
 * **Agreement** with real libraries, IHP SG13G2 (130 nm) and ASAP7 (7 nm, predictive), plain unit of 4 MACs
 * against its own k = 32:
 *
 * | k |         | generic | SG13G2  | ASAP7   |
 * |---|---------|---------|---------|---------|
 * | 8 | area    | -50.2 % | -49.2 % | -47.0 % |
 * |   | delay   | -17.4 % | -15.4 % | -24.2 % |
 * |   | product | 2.43    | 2.33    | 2.49    |
 * | 4 | area    | -59.0 % | -57.7 % | -56.7 % |
 * |   | delay   | -22.5 % | -22.8 % | -28.1 % |
 * |   | product | 3.15    | 3.06    | 3.22    |
 *
 * The unit with k = 32 has 17.5 thousand gate equivalents here, 16.2 and 16.4 thousand there.
 */
import type { Attribute, Group } from './liberty.ts';
import { printLiberty } from './liberty.ts';

/** Delay of a resistance of one against the input capacitance of one inverter. */
const TAU_PS = 4;
/** Input capacitance of an inverter of strength 1. */
const INPUT_FF = 1;
/** Resistance of one finger: PMOS are a little weaker. The inverter's average is 1. */
const PULL_UP = 1.06;
const PULL_DOWN = 0.94;
/** What each further transistor in series adds, as part of the first. */
const SERIES_PMOS = 0.85;
const SERIES_NMOS = 0.6;
/** Drains of an inverter against its gate. */
const PARASITIC = 0.8;
/** Slew (20 to 80 %) of an output against the delay of its gate after a step. */
const SLEW_PER_DELAY = 1.2;
/** Part of the slew at the input that adds to the delay, and in quadrature to the slew at the output. */
const DELAY_PER_SLEW = 0.35;
const SLEW_PER_SLEW = 0.45;

const NAND2_COLUMNS = 4;

/** A complementary gate of one stage. Series lengths are those of the longest path through each input. */
interface Gate {
  readonly inputs: number;
  readonly seriesNmos: readonly number[];
  readonly seriesPmos: readonly number[];
  /** Drains at the output, of each kind. */
  readonly drainsNmos: number;
  readonly drainsPmos: number;
}

const INV: Gate = { inputs: 1, seriesNmos: [1], seriesPmos: [1], drainsNmos: 1, drainsPmos: 1 };
const AOI21: Gate = { inputs: 3, seriesNmos: [2, 2, 1], seriesPmos: [2, 2, 2], drainsNmos: 2, drainsPmos: 1 };
const OAI21: Gate = { inputs: 3, seriesNmos: [2, 2, 2], seriesPmos: [2, 2, 1], drainsNmos: 1, drainsPmos: 2 };
const AOI22: Gate = {
  ...{ inputs: 4, seriesNmos: [2, 2, 2, 2], seriesPmos: [2, 2, 2, 2] },
  ...{ drainsNmos: 2, drainsPmos: 2 },
};
const OAI22: Gate = AOI22;

function nand(inputs: number): Gate {
  const all = (length: number) => Array.from({ length: inputs }, () => length);
  return { inputs, seriesNmos: all(inputs), seriesPmos: all(1), drainsNmos: 1, drainsPmos: inputs };
}

function nor(inputs: number): Gate {
  const all = (length: number) => Array.from({ length: inputs }, () => length);
  return { inputs, seriesNmos: all(1), seriesPmos: all(inputs), drainsNmos: inputs, drainsPmos: 1 };
}

type Edge = 'rise' | 'fall';

/** A gate as a signal passes through it, entering at one of its inputs. */
interface Stage {
  readonly gate: Gate;
  readonly strength: number;
  readonly input: number;
}

/** From an input of a cell to its output, first stage first. */
type Path = readonly Stage[];

interface CellInput {
  readonly name: string;
  /** Gates that it is connected to, by strength: its capacitance. */
  readonly strengths: number;
  readonly sense: 'positive_unate' | 'negative_unate' | 'non_unate';
  readonly paths: readonly Path[];
}

interface Cell {
  readonly name: string;
  readonly columns: number;
  readonly function: string;
  readonly inputs: readonly CellInput[];
  /** Of the last stage. */
  readonly strength: number;
}

/** The library as Liberty text; the same every time. */
export function genericLibrary(): string {
  const attributes = [
    ...simple({
      delay_model: 'table_lookup',
      time_unit: '"1ps"',
      voltage_unit: '"1V"',
      current_unit: '"1mA"',
    }),
    { name: 'capacitive_load_unit', values: ['1', 'ff'], list: true },
    ...simple({ pulling_resistance_unit: '"1kohm"', leakage_power_unit: '"1nW"' }),
    ...simple({ nom_process: '1', nom_temperature: '25', nom_voltage: '1' }),
    ...simple({ input_threshold_pct_rise: '50', input_threshold_pct_fall: '50' }),
    ...simple({ output_threshold_pct_rise: '50', output_threshold_pct_fall: '50' }),
    ...simple({ slew_lower_threshold_pct_rise: '20', slew_lower_threshold_pct_fall: '20' }),
    ...simple({ slew_upper_threshold_pct_rise: '80', slew_upper_threshold_pct_fall: '80' }),
    ...simple({ default_max_transition: number(SLEWS.at(-1) ?? 0) }),
  ];
  const template = group(
    'lu_table_template',
    ['slew_load'],
    [
      ...simple({ variable_1: 'input_net_transition', variable_2: 'total_output_net_capacitance' }),
      ...axes(LOADS),
    ],
  );
  const cells = [...combinational().map(combinationalCell), ...[1, 2].map(flipFlop)];
  return printLiberty(group('library', ['generic_logical_effort'], attributes, [template, ...cells]));
}

// ---------------------------------------------------------------- the cells

function combinational(): readonly Cell[] {
  return [
    ...[1, 2, 4, 8, 16].map((x) => oneStage(`INV_X${x}`, INV, x, '!A', ['A'])),
    ...[1, 2, 4, 8, 16].map((x) => twoStages(`BUF_X${x}`, INV, x, 'A', ['A'])),
    ...[1, 2, 4].map((x) => oneStage(`NAND2_X${x}`, nand(2), x, '!(A*B)', ['A', 'B'])),
    ...[1, 2].map((x) => oneStage(`NAND3_X${x}`, nand(3), x, '!(A*B*C)', ['A', 'B', 'C'])),
    oneStage('NAND4_X1', nand(4), 1, '!(A*B*C*D)', ['A', 'B', 'C', 'D']),
    ...[1, 2, 4].map((x) => oneStage(`NOR2_X${x}`, nor(2), x, '!(A+B)', ['A', 'B'])),
    ...[1, 2].map((x) => oneStage(`NOR3_X${x}`, nor(3), x, '!(A+B+C)', ['A', 'B', 'C'])),
    oneStage('NOR4_X1', nor(4), 1, '!(A+B+C+D)', ['A', 'B', 'C', 'D']),
    ...[1, 2, 4].map((x) => twoStages(`AND2_X${x}`, nand(2), x, 'A*B', ['A', 'B'])),
    ...[1, 2].map((x) => twoStages(`AND3_X${x}`, nand(3), x, 'A*B*C', ['A', 'B', 'C'])),
    ...[1, 2, 4].map((x) => twoStages(`OR2_X${x}`, nor(2), x, 'A+B', ['A', 'B'])),
    ...[1, 2].map((x) => twoStages(`OR3_X${x}`, nor(3), x, 'A+B+C', ['A', 'B', 'C'])),
    ...[1, 2, 4].map((x) => oneStage(`AOI21_X${x}`, AOI21, x, '!((A*B)+C)', ['A', 'B', 'C'])),
    ...[1, 2, 4].map((x) => oneStage(`OAI21_X${x}`, OAI21, x, '!((A+B)*C)', ['A', 'B', 'C'])),
    ...[1, 2].map((x) => oneStage(`AOI22_X${x}`, AOI22, x, '!((A*B)+(C*D))', ['A', 'B', 'C', 'D'])),
    ...[1, 2].map((x) => oneStage(`OAI22_X${x}`, OAI22, x, '!((A+B)*(C+D))', ['A', 'B', 'C', 'D'])),
    ...[1, 2].map((x) => exclusive(`XOR2_X${x}`, nor(2), AOI21, x, 'A^B')),
    ...[1, 2].map((x) => exclusive(`XNOR2_X${x}`, nand(2), OAI21, x, '!(A^B)')),
    ...[1, 2].map(multiplexer),
  ];
}

function oneStage(name: string, gate: Gate, strength: number, fun: string, names: readonly string[]): Cell {
  const inputs = names.map(
    (input, index): CellInput => ({
      name: input,
      strengths: strength,
      sense: 'negative_unate',
      paths: [[{ gate, strength, input: index }]],
    }),
  );
  return { name, columns: gate.inputs * strength + 2, function: fun, inputs, strength };
}

/** A gate and an inverter. The gate has about a third of the inverter's strength. */
function twoStages(name: string, gate: Gate, strength: number, fun: string, names: readonly string[]): Cell {
  const first = Math.ceil(strength / 3);
  const inputs = names.map(
    (input, index): CellInput => ({
      name: input,
      strengths: first,
      sense: 'positive_unate',
      paths: [[{ gate, strength: first, input: index }, inverter(strength)]],
    }),
  );
  return { name, columns: gate.inputs * first + strength + 2, function: fun, inputs, strength };
}

/** XOR as !(A*B + !(A+B)), XNOR as its dual: each input goes into both gates. One break between them. */
function exclusive(name: string, first: Gate, last: Gate, strength: number, fun: string): Cell {
  const inputs = ['A', 'B'].map(
    (input, index): CellInput => ({
      name: input,
      strengths: 1 + strength,
      sense: 'non_unate',
      paths: [
        [{ gate: last, strength, input: index }],
        [
          { gate: first, strength: 1, input: index },
          { gate: last, strength, input: 2 },
        ],
      ],
    }),
  );
  return { name, columns: first.inputs + last.inputs * strength + 1 + 2, function: fun, inputs, strength };
}

/** Inverter of the select, AND-OR-invert, inverter: two breaks. */
function multiplexer(strength: number): Cell {
  const through = (input: number): Path => [{ gate: AOI22, strength: 1, input }, inverter(strength)];
  const data = (name: string, input: number): CellInput => ({
    ...{ name, strengths: 1, sense: 'positive_unate' },
    paths: [through(input)],
  });
  const select: CellInput = {
    ...{ name: 'S', strengths: 2, sense: 'non_unate' },
    paths: [through(3), [inverter(1), ...through(1)]],
  };
  return {
    name: `MUX2_X${strength}`,
    columns: 1 + AOI22.inputs + strength + 2 + 2,
    function: '(A*!S)+(B*S)',
    inputs: [data('A', 0), data('B', 2), select],
    strength,
  };
}

function inverter(strength: number): Stage {
  return { gate: INV, strength, input: 0 };
}

/**
 * Two latches of clocked inverters, two inverters for the clock and one at the output: 12 pairs of transistors
 * with six breaks. The clock passes two inverters, the slave's clocked inverter (two in series, as of a NAND2)
 * and the output inverter.
 */
function flipFlop(strength: number): Group {
  const clock: CellInput = {
    ...{ name: 'CK', strengths: 1, sense: 'non_unate' },
    paths: [[inverter(1), inverter(1), { gate: nand(2), strength: 1, input: 0 }, inverter(strength)]],
  };
  const columns = 12 + (strength - 1) + 6 + 2;
  const output = group('pin', ['Q'], simple({ direction: 'output', function: '"IQ"', ...limit(strength) }), [
    group(
      'timing',
      [],
      simple({ related_pin: '"CK"', timing_type: 'rising_edge', timing_sense: 'non_unate' }),
      tables(clock, strength),
    ),
  ]);
  const pins = [
    inputPin('D', 1),
    group('pin', ['CK'], simple({ direction: 'input', clock: 'true', capacitance: number(INPUT_FF) })),
    output,
  ];
  const state = group('ff', ['IQ', 'IQN'], simple({ next_state: '"D"', clocked_on: '"CK"' }));
  return group('cell', [`DFF_X${strength}`], simple({ area: number(columns / NAND2_COLUMNS) }), [
    state,
    ...pins,
  ]);
}

// ---------------------------------------------------------------- delays

const SLEWS = [1, 2, 4, 8, 16, 32, 64].map((slew) => slew * TAU_PS);
/** In input capacitances of an inverter of the same strength. */
const LOADS = [0.5, 1, 2, 4, 8, 16, 32];

interface Timing {
  readonly delay: number;
  readonly slew: number;
}

/** Of the slowest path with this edge at the output. */
function timingOf(paths: readonly Path[], edge: Edge, slew: number, load: number): Timing {
  const all = paths.map((path) => pathTiming(path, edge, slew, load));
  return {
    delay: Math.max(...all.map(({ delay }) => delay)),
    slew: Math.max(...all.map((timing) => timing.slew)),
  };
}

function pathTiming(path: Path, edge: Edge, slew: number, load: number): Timing {
  let timing: Timing = { delay: 0, slew };
  path.forEach((stage, index) => {
    const next = path[index + 1];
    // Every stage inverts.
    const inverted = (path.length - 1 - index) % 2 === 1;
    const own = stageTiming(
      stage,
      inverted === (edge === 'rise') ? 'fall' : 'rise',
      timing.slew,
      next === undefined ? load : next.strength * INPUT_FF,
    );
    timing = { delay: timing.delay + own.delay, slew: own.slew };
  });
  return timing;
}

function stageTiming({ gate, strength, input }: Stage, edge: Edge, slew: number, load: number): Timing {
  const resistance =
    edge === 'rise'
      ? PULL_UP * series(gate.seriesPmos[input] ?? 1, SERIES_PMOS)
      : PULL_DOWN * series(gate.seriesNmos[input] ?? 1, SERIES_NMOS);
  const parasitic = (PARASITIC * (gate.drainsNmos + gate.drainsPmos)) / 2;
  const step = TAU_PS * resistance * (parasitic + load / (strength * INPUT_FF));
  return {
    delay: step + DELAY_PER_SLEW * slew,
    slew: Math.hypot(SLEW_PER_DELAY * step, SLEW_PER_SLEW * slew),
  };
}

function series(transistors: number, further: number): number {
  return 1 + further * (transistors - 1);
}

// ---------------------------------------------------------------- Liberty

function combinationalCell({ name, columns, inputs, strength, ...cell }: Cell): Group {
  const output = group(
    'pin',
    ['Y'],
    simple({ direction: 'output', function: `"${cell.function}"`, ...limit(strength) }),
    inputs.map((input) =>
      group(
        'timing',
        [],
        simple({ related_pin: `"${input.name}"`, timing_sense: input.sense }),
        tables(input, strength),
      ),
    ),
  );
  const pins = inputs.map((input) => inputPin(input.name, input.strengths));
  return group('cell', [name], simple({ area: number(columns / NAND2_COLUMNS) }), [...pins, output]);
}

function inputPin(name: string, strengths: number): Group {
  return group('pin', [name], simple({ direction: 'input', capacitance: number(strengths * INPUT_FF) }));
}

function limit(strength: number): Readonly<Record<string, string>> {
  return { max_capacitance: number((LOADS.at(-1) ?? 0) * strength * INPUT_FF) };
}

function tables({ paths }: CellInput, strength: number): readonly Group[] {
  const loads = LOADS.map((load) => load * strength * INPUT_FF);
  const table = (kind: string, edge: Edge, value: (timing: Timing) => number) =>
    group(
      kind,
      ['slew_load'],
      [
        ...axes(loads),
        {
          name: 'values',
          values: SLEWS.map((slew) => row(loads.map((load) => value(timingOf(paths, edge, slew, load))))),
          list: true,
        },
      ],
    );
  return [
    table('cell_rise', 'rise', ({ delay }) => delay),
    table('rise_transition', 'rise', ({ slew }) => slew),
    table('cell_fall', 'fall', ({ delay }) => delay),
    table('fall_transition', 'fall', ({ slew }) => slew),
  ];
}

function axes(loads: readonly number[]): readonly Attribute[] {
  return [
    { name: 'index_1', values: [row(SLEWS)], list: true },
    { name: 'index_2', values: [row(loads)], list: true },
  ];
}

function row(values: readonly number[]): string {
  return `"${values.map(number).join(', ')}"`;
}

/** Rounded, so that the text is the same whatever the machine makes of the last bit. */
function number(value: number): string {
  return String(Number(value.toFixed(4)));
}

function simple(values: Readonly<Record<string, string>>): readonly Attribute[] {
  return Object.entries(values).map(([name, value]) => ({ name, values: [value], list: false }));
}

function group(
  kind: string,
  names: readonly string[],
  attributes: readonly Attribute[],
  groups: readonly Group[] = [],
): Group {
  return { kind, names, attributes, groups };
}
