/**
 * A library cut down to what the tools read, so that they need not read tens of megabytes for every point.
 *
 * Nothing that they go by is changed: an area, a delay and a critical path come out as with the whole file.
 */
import { truthTable } from './boolean-function.ts';
import type { Units } from './cell-library.ts';
import { isForTools } from './core-cell.ts';
import { type Attribute, attributeOf, type Group, groupsOf, listItems, printLiberty } from './liberty.ts';

/**
 * Two Liberty texts: `cells` has areas, functions and flip-flops, for Yosys; `timing` has the combinational
 * cells with their delay tables, for ABC.
 */
export function condensed(
  library: Group,
  { ps, fF }: Units,
): { readonly cells: string; readonly timing: string } {
  // ABC knows these spellings of units and no others.
  const attributes: readonly Attribute[] = [
    ...library.attributes.filter(({ name }) => name === 'delay_model' || name === 'default_max_transition'),
    { name: 'time_unit', values: [`"${ps >= 1000 ? `${ps / 1000}ns` : `${ps}ps`}"`], list: false },
    { name: 'capacitive_load_unit', values: [`${fF}`, 'ff'], list: true },
  ];
  const cells = groupsOf(library, 'cell');
  const templates = groupsOf(library, 'lu_table_template').filter(isDelayTemplate);
  return {
    cells: printLiberty({ ...library, attributes, groups: cells.filter(isForYosys).map(withoutTiming) }),
    timing: printLiberty({
      ...library,
      attributes,
      groups: [...templates, ...cells.filter(isForMapping).map(withWorstArcs)],
    }),
  };
}

function isDelayTemplate(template: Group): boolean {
  const variables = [attributeOf(template, 'variable_1'), attributeOf(template, 'variable_2')];
  return variables.includes('input_net_transition') && variables.includes('total_output_net_capacitance');
}

function withoutTiming(cell: Group): Group {
  return {
    ...cell,
    groups: cell.groups.map((inner) => ({
      ...inner,
      groups: inner.groups.filter(({ kind }) => kind !== 'timing').map(withoutTiming),
    })),
  };
}

/** Yosys knows dont_use and nothing else that keeps it from a flip-flop. */
function isForYosys(cell: Group): boolean {
  return groupsOf(cell, 'ff').length === 0 || isForTools(cell);
}

/** What ABC maps to. Of the cells that it would pass over, those that make it give up are left out, too. */
function isForMapping(cell: Group): boolean {
  const pins = groupsOf(cell, 'pin');
  return (
    pins.length === cell.groups.length &&
    isForTools(cell) &&
    pins.every((pin) => attributeOf(pin, 'three_state') === undefined) &&
    pins.every((pin) => isInput(pin) || isComplete(pin, pins))
  );
}

function isInput(pin: Group): boolean {
  return attributeOf(pin, 'direction') === 'input';
}

/** Whether an output has a function of the inputs, and tables wherever it has timing. */
function isComplete(pin: Group, pins: readonly Group[]): boolean {
  const inputs = pins.filter(isInput).flatMap(({ names }) => names);
  return (
    attributeOf(pin, 'direction') === 'output' &&
    truthTable(attributeOf(pin, 'function') ?? '', inputs) !== undefined &&
    groupsOf(pin, 'timing').every(
      ({ groups }) =>
        groups.some(({ kind }) => kind === 'cell_rise' || kind === 'cell_fall') &&
        groups.some(({ kind }) => kind === 'rise_transition' || kind === 'fall_transition'),
    )
  );
}

function withWorstArcs(cell: Group): Group {
  return {
    ...cell,
    // ABC passes over a cell with dont_use, whatever its value.
    attributes: cell.attributes.filter(({ name }) => name !== 'dont_use'),
    groups: cell.groups.map((pin) => ({
      ...pin,
      groups: worstArcs(groupsOf(pin, 'timing').flatMap(perInput)),
    })),
  };
}

/** A group that names several inputs as one for each; ABC would take none of them. */
function perInput(timing: Group): readonly Group[] {
  const inputs = (attributeOf(timing, 'related_pin') ?? '').split(/\s+/).filter(Boolean);
  if (inputs.length < 2) return [timing];
  return inputs.map((input) => ({
    ...timing,
    attributes: timing.attributes.map((attribute) =>
      attribute.name === 'related_pin' ? { ...attribute, values: [`"${input}"`] } : attribute,
    ),
  }));
}

/**
 * One timing group for each input. Libraries may give several, for different states of the other inputs;
 * ABC takes the greatest of each entry and the sense of the first, and so does this.
 */
function worstArcs(timing: readonly Group[]): readonly Group[] {
  const arcs = new Map<string, Group[]>();
  for (const group of timing) {
    const input = attributeOf(group, 'related_pin') ?? '';
    arcs.set(input, [...(arcs.get(input) ?? []), group]);
  }
  return [...arcs.values()].flatMap((alternatives) => worstOf(alternatives) ?? alternatives);
}

/** @returns nothing where tables differ in shape, which is left to ABC */
function worstOf(alternatives: readonly Group[]): Group | undefined {
  const [first, ...others] = alternatives;
  if (first === undefined || others.length === 0) return first;
  const tables = first.groups.map((table, index) => {
    const same = others.map((other) => other.groups[index]);
    return same.reduce<Group | undefined>((worst, other) => worst && other && maximum(worst, other), table);
  });
  const whole = tables.filter((table) => table !== undefined);
  return whole.length === tables.length ? { ...first, groups: whole } : undefined;
}

function maximum(a: Group, b: Group): Group | undefined {
  const axes = ({ attributes }: Group) => JSON.stringify(attributes.filter(({ name }) => name !== 'values'));
  if (a.kind !== b.kind || a.names[0] !== b.names[0] || axes(a) !== axes(b)) return undefined;
  const [left = [], right = []] = [listItems(a, 'values'), listItems(b, 'values')];
  if (left.length !== right.length) return undefined;
  const worst = left.map((entry, index) => (Number(right[index]) > Number(entry) ? right[index] : entry));
  const values: Attribute = { name: 'values', values: [`"${worst.join(', ')}"`], list: true };
  return { ...a, attributes: [...a.attributes.filter(({ name }) => name !== 'values'), values] };
}
