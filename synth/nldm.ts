/**
 * Delay tables of a cell: the non-linear delay model, over the slew of the input and the load of the output.
 */
import { attributeOf, type Group, groupsOf, LibertyError, listItems } from './liberty.ts';

export type Edge = 'rise' | 'fall';

/** In the units of the library. Beyond the table it goes on as straight as at its border. */
type Surface = (slew: number, load: number) => number;

/** Of one edge of an output. */
export interface EdgeTables {
  readonly delay: Surface;
  readonly slew: Surface;
}

/** Both edges of an output with one input. @returns nothing when tables are missing or malformed */
export function delayTables(library: Group, output: Group): Readonly<Record<Edge, EdgeTables>> | undefined {
  const timing = groupsOf(output, 'timing').find((group) => groupsOf(group, 'cell_rise').length > 0);
  if (timing === undefined) return undefined;
  const edge = (name: Edge) => {
    const delay = surface(library, timing, `cell_${name}`);
    const slew = surface(library, timing, `${name}_transition`);
    return delay && slew && { delay, slew };
  };
  const rise = edge('rise');
  const fall = edge('fall');
  return rise && fall && { rise, fall };
}

function surface(library: Group, timing: Group, kind: string): Surface | undefined {
  const [table] = groupsOf(timing, kind);
  if (table === undefined) return undefined;
  const template = groupsOf(library, 'lu_table_template').find(({ names }) => names[0] === table.names[0]);
  const axis = (name: string) => numbers(table, name) ?? (template && numbers(template, name));
  const values = numbers(table, 'values');
  if (values === undefined) return undefined;
  const loadFirst = template && attributeOf(template, 'variable_1') === 'total_output_net_capacitance';
  // A table without axes is one number.
  const [first = [0], second = [0]] = [axis('index_1'), axis('index_2')];
  if (values.length !== first.length * second.length) return undefined;
  const at = (i: number, j: number) => values[i * second.length + j] ?? Number.NaN;
  return (slew, load) => {
    const [x, y] = loadFirst ? [load, slew] : [slew, load];
    const [row, column] = [position(first, x), position(second, y)];
    return interpolate(row, (i) => interpolate(column, (j) => at(i, j)));
  };
}

function numbers(group: Group, name: string): readonly number[] | undefined {
  return listItems(group, name)?.map(Number);
}

const LISTS = ['index_1', 'index_2', 'values'];

/**
 * Looks through all tables of a cell, or a template of tables.
 *
 * @param path the file, as messages name it
 * @param outside what the group is in, for messages
 * @throws LibertyError at the first entry that is no finite number: of these, ABC would make anything, or die
 */
export function requireNumbers(group: Group, path: string, outside = ''): void {
  const place = `${[group.kind, ...group.names].join(' ')}${outside}`;
  for (const name of LISTS) {
    const bad = listItems(group, name)?.find((item) => !Number.isFinite(Number(item)));
    if (bad !== undefined) {
      throw new LibertyError(
        `${path}: ${bad} in ${name} of ${place} is no finite number; get the file again`,
      );
    }
  }
  for (const inner of group.groups) requireNumbers(inner, path, ` of ${place}`);
}

/** A place on an axis: the two points around it and how far it is from the first. */
interface Position {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

function position(axis: readonly number[], x: number): Position {
  if (axis.length === 1) return { low: 0, high: 0, fraction: 0 };
  const after = axis.findIndex((point) => point > x);
  const high = after < 0 ? axis.length - 1 : Math.max(after, 1);
  const [a = 0, b = 1] = axis.slice(high - 1, high + 1);
  return { low: high - 1, high, fraction: (x - a) / (b - a) };
}

function interpolate({ low, high, fraction }: Position, at: (index: number) => number): number {
  return at(low) + fraction * (at(high) - at(low));
}
