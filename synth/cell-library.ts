/**
 * A cell library as synthesis and reports need it: what the tools are given, and the yardsticks in which
 * results are stated (a NAND2 for area, a fan-out-of-four inverter for delay), found by function, not by name.
 */
import { truthTable } from './boolean-function.ts';
import { areaOf, isForTools } from './core-cell.ts';
import { type Attribute, attributeOf, type Group, groupsOf, LibertyError, parseLiberty } from './liberty.ts';
import { condensed } from './liberty-condense.ts';
import { delayTables, type Edge, type EdgeTables, requireNumbers } from './nldm.ts';
import type { LibraryFacts } from './result.ts';

export interface CellLibrary {
  readonly facts: LibraryFacts;
  /** Liberty texts for the tools, see {@link condensed}. */
  readonly cells: string;
  readonly timing: string;
  /** Driver of the inputs and load of the outputs, in the format of ABC's read_constr. */
  readonly constraints: string;
  readonly areaUm2: Readonly<Record<string, number>>;
  /** Names of the output pins of flip-flops and latches, by cell. */
  readonly sequential: Readonly<Record<string, readonly string[]>>;
}

/** Groups that decide area, function and delay. Everything else is power, noise and test. */
const KEPT_GROUPS: ReadonlySet<string> = new Set([
  ...['cell', 'pin', 'bus', 'bundle', 'type', 'ff', 'latch', 'ff_bank', 'latch_bank', 'statetable', 'timing'],
  ...['cell_rise', 'cell_fall', 'rise_transition', 'fall_transition', 'lu_table_template'],
]);

const SEQUENTIAL_GROUPS = ['ff', 'latch', 'ff_bank', 'latch_bank', 'statetable'];

/** Drive of the cell before the inputs, and load behind the outputs, in unit inverters. */
const DRIVER_STRENGTH = 4;
const LOAD_INVERTERS = 4;

/**
 * @param path the file, as messages name it
 * @throws LibertyError when the text is broken or lacks what synthesis needs
 */
export function cellLibrary(text: string, path: string): CellLibrary {
  const library = parseLiberty(text, path, KEPT_GROUPS);
  const [name = ''] = library.names;
  if (name.trim() === '') {
    throw new LibertyError(`${path} gives its library no name; write one: library (name) {`);
  }
  const units = unitsOf(library, path);
  const cells = groupsOf(library, 'cell').map((group) => describe(group, path));
  if (cells.length === 0) throw lacks(path, 'no cells', 'standard cells');
  const usable = cells.filter(({ forTools }) => forTools);
  for (const group of groupsOf(library, 'lu_table_template')) requireNumbers(group, path);
  for (const { group } of usable.filter(({ sequential }) => !sequential)) requireNumbers(group, path);
  if (!usable.some(isFlipFlop)) {
    const wanted =
      'a D flip-flop: a cell with an ff group whose next_state is one input, with an area and without dont_use';
    throw lacks(path, 'no flip-flop', wanted, cells.find(isFlipFlop));
  }
  const isNand2 = (cell: Cell) => computes(cell, [true, true, true, false]);
  const nand2 = smallest(usable.filter(isNand2));
  if (nand2 === undefined) {
    throw lacks(path, 'no NAND2', 'a cell with the function !(A*B)', cells.find(isNand2));
  }
  const isInverter = (cell: Cell) => computes(cell, [true, false]);
  const inverters = usable.filter(isInverter).flatMap((cell) => stagesOf(library, cell));
  const unit = unitInverter(inverters);
  if (unit === undefined) {
    const untimed = usable.find(isInverter);
    if (untimed === undefined) {
      throw lacks(path, 'no inverter', 'a cell with the function !A', cells.find(isInverter));
    }
    throw new LibertyError(
      `${path} has no inverter with delays: ${untimed.name} lacks a capacitance of its input or NLDM tables, ` +
        'of which all four are needed: cell_rise, cell_fall, rise_transition, fall_transition; ' +
        'give the NLDM file of the library',
    );
  }
  const fo4 = fanOutOfFour(unit);
  const drivers = usable
    .filter((cell) => computes(cell, [false, true]))
    .flatMap((cell) => stagesOf(library, cell));
  const driver = closestDriver(drivers.length > 0 ? drivers : inverters, unit, fo4.slew);
  const loadFf = round(LOAD_INVERTERS * unit.capacitance * units.fF);
  const facts = {
    name,
    nand2: nand2.name,
    nand2AreaUm2: nand2.area,
    inverter: unit.cell.name,
    fo4Ps: round(fo4.delay * units.ps),
    driver: driver.cell.name,
    loadFf,
  };
  return {
    facts,
    ...condensed(library, units),
    constraints: `set_driving_cell ${facts.driver}\nset_load ${loadFf}\n`,
    areaUm2: Object.fromEntries(cells.map(({ name, area }) => [name, area])),
    sequential: Object.fromEntries(
      cells
        .filter(({ sequential }) => sequential)
        .map(({ name, outputs }) => [name, outputs.flatMap((pin) => pin.names)]),
    ),
  };
}

/** @param unusable a cell that would do if the tools could choose it */
function lacks(path: string, what: string, wanted: string, unusable?: Cell): LibertyError {
  const fault = unusable && (unusable.area > 0 ? 'is a pad or marked dont_use' : 'has no area');
  const reason = unusable === undefined ? '' : `: ${unusable.name} ${fault}`;
  return new LibertyError(`${path} has ${what}${reason}; give a library that has ${wanted}`);
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}

/** What one unit of the library's numbers is. */
export interface Units {
  readonly ps: number;
  readonly fF: number;
}

/** All that Liberty allows; ABC takes any other for 1 ns. */
const TIME_UNITS_PS: readonly number[] = [1, 10, 100, 1000];

/** Liberty's own units where the library gives none: 1 ns and 1 pF. */
function unitsOf(library: Group, path: string): Units {
  const scales: Readonly<Record<string, number>> = { fs: 0.001, ps: 1, ns: 1000, us: 1e6, ff: 1, pf: 1000 };
  const unit = (name: string, text: string) => {
    const [, factor, prefix = ''] = /^\s*([\d.]+)\s*([a-z]+)\s*$/i.exec(text) ?? [];
    const value = Number(factor) * (scales[prefix.toLowerCase()] ?? Number.NaN);
    if (!(value > 0)) throw new LibertyError(`${path} has a ${name} that is no unit: ${text}`);
    return value;
  };
  const time = attributeOf(library, 'time_unit') ?? '1ns';
  const ps = unit('time_unit', time);
  if (!TIME_UNITS_PS.includes(ps)) {
    throw new LibertyError(
      `${path}: time_unit = ${time} is outside {1ps, 10ps, 100ps, 1ns}; give a library in one of these units`,
    );
  }
  const load = library.attributes.find(({ name }) => name === 'capacitive_load_unit');
  return {
    ps,
    fF: unit('capacitive_load_unit', load?.values.map(unquoted).join('') ?? '1pf'),
  };
}

function unquoted(value: Attribute['values'][number]): string {
  return value.replaceAll('"', '');
}

/** A cell, as far as it matters before its tables are looked at. */
interface Cell {
  readonly name: string;
  readonly area: number;
  readonly sequential: boolean;
  readonly forTools: boolean;
  readonly inputs: readonly Group[];
  readonly outputs: readonly Group[];
  readonly group: Group;
}

function describe(group: Group, path: string): Cell {
  const [name = ''] = group.names;
  const area = areaOf(group);
  if (!(area >= 0)) throw new LibertyError(`${path}: cell ${name} has an area that is no number`);
  const pins = groupsOf(group, 'pin');
  return {
    name,
    area,
    sequential: SEQUENTIAL_GROUPS.some((kind) => groupsOf(group, kind).length > 0),
    forTools: isForTools(group),
    inputs: pins.filter((pin) => attributeOf(pin, 'direction') === 'input'),
    outputs: pins.filter((pin) => attributeOf(pin, 'direction') === 'output'),
    group,
  };
}

/** A flip-flop that dfflibmap maps to: it takes over one input, as it is or inverted. */
function isFlipFlop({ group, inputs }: Cell): boolean {
  const [state] = groupsOf(group, 'ff');
  if (state === undefined || attributeOf(state, 'clocked_on') === undefined) return false;
  const next = attributeOf(state, 'next_state') ?? '';
  return inputs.some((pin) => truthTable(next, pin.names) !== undefined);
}

/** Whether a cell has one output, with this truth table, and no state. */
function computes({ sequential, inputs, outputs }: Cell, table: readonly boolean[]): boolean {
  const [output] = outputs;
  if (sequential || output === undefined || outputs.length !== 1 || 2 ** inputs.length !== table.length)
    return false;
  const names = inputs.map((pin) => pin.names[0] ?? '');
  const own = truthTable(attributeOf(output, 'function') ?? '', names);
  return own?.every((value, row) => value === table[row]) === true;
}

/** By area; of equal ones the strongest. */
function smallest(cells: readonly Cell[]): Cell | undefined {
  const strength = ({ outputs }: Cell) =>
    Math.max(0, ...outputs.map((pin) => Number(attributeOf(pin, 'max_capacitance') ?? 0)));
  return [...cells].sort((a, b) => a.area - b.area || strength(b) - strength(a))[0];
}

/** An inverter or buffer with its delays. */
interface Stage {
  readonly cell: Cell;
  /** Of its input. */
  readonly capacitance: number;
  /** By the edge of the output. */
  readonly tables: Readonly<Record<Edge, EdgeTables>>;
}

/** None where the delays of a cell with one input and one output are not known. */
function stagesOf(library: Group, cell: Cell): readonly Stage[] {
  const [input] = cell.inputs;
  const [output] = cell.outputs;
  if (input === undefined || output === undefined) return [];
  const tables = delayTables(library, output);
  const capacitance = inputCapacitance(input);
  return tables === undefined || !(capacitance > 0) ? [] : [{ cell, capacitance, tables }];
}

function inputCapacitance(pin: Group): number {
  const given = (name: string) => Number(attributeOf(pin, name) ?? Number.NaN);
  const both = (given('rise_capacitance') + given('fall_capacitance')) / 2;
  return given('capacitance') > 0 ? given('capacitance') : both;
}

/** The inverter that strengths are counted in: the smallest; of those of equal area the strongest. */
function unitInverter(inverters: readonly Stage[]): Stage | undefined {
  return [...inverters].sort(
    (a, b) => a.cell.area - b.cell.area || resistance(a, 0, a.capacitance) - resistance(b, 0, b.capacitance),
  )[0];
}

/**
 * Delay of an inverter that drives four of its kind, in a long chain of such stages: the slew at its input is
 * the one that the stage before makes, edge by edge. Average of the rising and the falling output.
 */
function fanOutOfFour({ capacitance, tables }: Stage): { readonly delay: number; readonly slew: number } {
  const load = 4 * capacitance;
  // The slews converge at once, because a stage's slew depends little on the one before.
  let slew: Record<Edge, number> = { rise: 0, fall: 0 };
  for (let stage = 0; stage < 100; stage += 1) {
    slew = {
      rise: tables.rise.slew(slew.fall, load),
      fall: tables.fall.slew(slew.rise, load),
    };
  }
  return {
    delay: (tables.rise.delay(slew.fall, load) + tables.fall.delay(slew.rise, load)) / 2,
    slew: (slew.rise + slew.fall) / 2,
  };
}

/** Delay that a unit of load adds, between one and four times `load`, averaged over the edges. */
function resistance({ tables }: Stage, slew: number, load: number): number {
  const delay = (at: number) => (tables.rise.delay(slew, at) + tables.fall.delay(slew, at)) / 2;
  return (delay(4 * load) - delay(load)) / (3 * load);
}

/** The one whose strength is nearest to {@link DRIVER_STRENGTH} unit inverters; of equal ones the smallest. */
function closestDriver(stages: readonly Stage[], unit: Stage, slew: number): Stage {
  const unitResistance = resistance(unit, slew, unit.capacitance);
  const distance = (stage: Stage) =>
    Math.abs(Math.log(unitResistance / resistance(stage, slew, unit.capacitance) / DRIVER_STRENGTH));
  return [...stages].sort((a, b) => distance(a) - distance(b) || a.cell.area - b.cell.area)[0] ?? unit;
}
