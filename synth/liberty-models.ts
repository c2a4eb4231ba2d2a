/**
 * Behavioural Verilog of the cells of a Liberty library, from their `function` attributes and `ff` groups:
 * what the library says a cell does, without its delays, for simulating a mapped netlist.
 */
import { verilogExpression } from './boolean-function.ts';
import { attributeOf, type Group, groupsOf, LibertyError } from './liberty.ts';

/**
 * Verilog-2005 of these cells, one module each.
 *
 * @param names of the cells
 * @param path of the library, as messages name it
 * @throws LibertyError for a cell that is not there, or has something else than functions and one flip-flop
 */
export function libertyModels(library: Group, names: readonly string[], path: string): string {
  const cells = new Map(groupsOf(library, 'cell').map((cell) => [cell.names[0], cell]));
  return names
    .map((name) => {
      const cell = cells.get(name);
      if (cell === undefined) throw new LibertyError(`${path} has no cell ${name}`);
      return model(name, cell, path);
    })
    .join('\n');
}

const OTHER_STATE = ['latch', 'ff_bank', 'latch_bank', 'statetable', 'bus', 'bundle'];

function model(name: string, cell: Group, path: string): string {
  const beyond = OTHER_STATE.find((kind) => groupsOf(cell, kind).length > 0);
  const [flipFlop, another] = groupsOf(cell, 'ff');
  if (beyond !== undefined || another !== undefined) {
    throw new LibertyError(
      `${path}: cell ${name} has a ${beyond ?? 'second ff'} group, of which no model can be made; mark it dont_use`,
    );
  }
  const pins = groupsOf(cell, 'pin').flatMap((pin) => {
    const direction = attributeOf(pin, 'direction');
    const [pinName = ''] = pin.names;
    return direction === 'input' || direction === 'output' ? [{ pin, pinName, direction }] : [];
  });
  const inputs = pins.filter(({ direction }) => direction === 'input').map(({ pinName }) => pinName);
  const known = [...inputs, ...(flipFlop?.names ?? [])];
  const expression = (group: Group, attribute: string): string | undefined => {
    const text = attributeOf(group, attribute);
    if (text === undefined) return undefined;
    const found = verilogExpression(text, known);
    if (found !== undefined) return found;
    throw new LibertyError(
      `${path}: cell ${name} has a ${attribute} that is no function of its pins: ${text}`,
    );
  };
  const outputs = pins.filter(({ direction }) => direction === 'output');
  const assigned = outputs.map(({ pin, pinName }) => {
    const value = expression(pin, 'function');
    if (value === undefined)
      throw new LibertyError(`${path}: output ${pinName} of cell ${name} has no function`);
    return `  assign ${pinName} = ${value};`;
  });
  return `${[
    `module ${name} (${pins.map(({ pinName, direction }) => `${direction} ${pinName}`).join(', ')});`,
    ...(flipFlop === undefined ? [] : register(flipFlop, expression, `${path}: cell ${name}`)),
    ...assigned,
    'endmodule',
  ].join('\n')}\n`;
}

/** The two variables of an `ff` group are the state and its complement. */
function register(
  flipFlop: Group,
  expression: (group: Group, attribute: string) => string | undefined,
  place: string,
): readonly string[] {
  const [state = '', complement = ''] = flipFlop.names;
  const [next, clock] = [expression(flipFlop, 'next_state'), expression(flipFlop, 'clocked_on')];
  const [clear, preset] = [expression(flipFlop, 'clear'), expression(flipFlop, 'preset')];
  if (next === undefined || clock === undefined) {
    throw new LibertyError(`${place} has an ff group without next_state or clocked_on`);
  }
  if (clear !== undefined && preset !== undefined) {
    // Which wins, and what both outputs then are, is in attributes that few libraries fill in alike.
    throw new LibertyError(`${place} has both clear and preset, of which no model is made; mark it dont_use`);
  }
  const asynchronous = clear ?? preset;
  const wire = (name: string, value: string): string => `  wire ${name} = ${value};`;
  return [
    `  reg ${state};`,
    wire(complement, `~${state}`),
    wire('clock_edge', clock),
    ...(asynchronous === undefined ? [] : [wire('forced', asynchronous)]),
    `  always @(posedge clock_edge${asynchronous === undefined ? '' : ' or posedge forced'})`,
    ...(asynchronous === undefined
      ? []
      : [`    if (forced) ${state} <= ${clear === undefined ? "1'b1" : "1'b0"};`, '    else']),
    `    ${state} <= ${next};`,
  ];
}
