import { constants } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { truthTable } from '../../synth/boolean-function.ts';
import { cellLibrary } from '../../synth/cell-library.ts';
import { genericLibrary } from '../../synth/generic-library.ts';
import {
  attributeOf,
  type Group,
  groupsOf,
  LibertyError,
  libertyText,
  parseLiberty,
  printLiberty,
  readLiberty,
} from '../../synth/liberty.ts';
import { FLIP_FLOP, INVERTER, libertyOf, linearCell, NAND2, TINY_LIBRARY } from '../support/liberty.ts';
import { LONG } from '../support/long.ts';

const KEEP = new Set(['cell', 'pin', 'timing']);
const parse = (text: string) => parseLiberty(text, 'some.lib', KEEP);

/** The one line that a broken text is refused with. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(LibertyError);
    const { message } = error as LibertyError;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('was not refused');
}

describe('the reader', () => {
  test('takes what writers write', () => {
    const library = parse(`/* a comment with { and " */
      library("l") {
        // another, with }
        time_unit : "1ns" ;
        define (x, "cell", string);
        threshold : 0.5 * VDD
        capacitive_load_unit (1.0,pf) ;;
        power (p) { values ( "1, 2", \\
          "3 }"); deep () { /* } */ } }
        cell ("C") { area:3;dont_use : true; pin(A){direction:"input";} pin (B, C) { index ("1,2", \\
 "3"); } }
      };
    `);
    expect(library.names).toEqual(['l']);
    expect(attributeOf(library, 'time_unit')).toBe('1ns');
    expect(attributeOf(library, 'threshold')).toBe('0.5 * VDD');
    expect(library.attributes.find(({ name }) => name === 'capacitive_load_unit')?.values).toEqual([
      '1.0',
      'pf',
    ]);
    expect(library.groups.map(({ kind }) => kind)).toEqual(['cell']);
    const [cell] = library.groups as [Group];
    expect(attributeOf(cell, 'area')).toBe('3');
    expect(groupsOf(cell, 'pin').map(({ names }) => names)).toEqual([['A'], ['B', 'C']]);
    expect(cell.groups[1]?.attributes[0]?.values).toEqual(['"1,2"', '"3"']);
  });

  test('prints what it reads back the same', () => {
    const library = parse(genericLibrary());
    expect(parse(printLiberty(library))).toEqual(library);
  });

  test.each([
    ['nothing', '', 'some.lib holds no library; give a Liberty file, .lib or .lib.gz'],
    [
      'Verilog',
      'module m; endmodule',
      'some.lib:1 is not a Liberty file: it does not begin with "library (name) {"',
    ],
    ['a number', '12', 'some.lib:1 is not a Liberty file'],
    ['a brace too many', 'library (l) {\n}\n}', 'some.lib:3 goes on after the end of its library'],
    [
      'a missing colon',
      'library (l) {\n cell (c) {\n area 3; } }',
      'some.lib:3 has neither ":" nor "(" after area',
    ],
    ['rubbish', 'library (l) {\n = }', 'some.lib:2 has an unexpected "="'],
    ['an open cell', 'library (l) { cell (c) { area : 1;', 'cut short: it ends inside cell c'],
    ['an open string', 'library (l) { cell (c) { f : "1; } }', 'cut short: it ends inside cell c'],
    ['an open comment', 'library (l) { /* }', 'cut short: it ends inside library l'],
    [
      'an open group that is passed over',
      'library (l) { cell (c) { power () { x : 1; } ',
      'cut short: it ends inside cell c',
    ],
    [
      'a group cut while passed over',
      'library (l) { cell (c) { power () { x : 1; ',
      'it ends inside cell c, power',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(refusal(() => parse(text))).toContain(message);
  });

  test('refuses every cut of a library', () => {
    const text = TINY_LIBRARY.trimEnd();
    for (let end = 0; end < text.length; end += 7) {
      expect(refusal(() => cellLibrary(text.slice(0, end), 'some.lib'))).toContain('some.lib');
    }
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npu-rescaler-liberty-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (path: string) => libertyText(readLiberty(path), path);

  test('packed or not', () => {
    const path = join(folder, 'a.lib.gz');
    writeFileSync(path, gzipSync(TINY_LIBRARY));
    expect(read(path)).toBe(TINY_LIBRARY);
  });

  test('missing, a folder, or cut while packed', () => {
    expect(refusal(() => read(join(folder, 'none.lib')))).toMatch(
      /cannot read .*none\.lib: there is no such file; give/,
    );
    expect(refusal(() => read(folder))).toContain(`cannot read ${folder}`);
    const path = join(folder, 'cut.lib.gz');
    writeFileSync(path, gzipSync(TINY_LIBRARY).subarray(0, -20));
    expect(refusal(() => read(path))).toMatch(/cut\.lib\.gz cannot be unpacked .*get the file again/);
  });
});

describe('bytes', () => {
  const limit = constants.MAX_STRING_LENGTH;

  test('a byte-order mark is passed over, packed or not', () => {
    const marked = Buffer.from(`\ufeff${TINY_LIBRARY}`);
    expect(libertyText(marked, 'some.lib')).toBe(TINY_LIBRARY);
    expect(libertyText(gzipSync(marked), 'some.lib.gz')).toBe(TINY_LIBRARY);
  });

  test('more than a string can hold', () => {
    // Zeros that no one reads or writes cost no memory.
    expect(refusal(() => libertyText(Buffer.alloc(limit + 1), 'some.lib'))).toBe(
      `some.lib has ${limit + 1} bytes, and no more than ${limit} bytes can be read; give the NLDM file of the library instead of CCS`,
    );
  });

  test('more than that once unpacked', LONG, () => {
    // What is packed in parts is unpacked as a whole.
    const part = gzipSync(Buffer.alloc(2 ** 24));
    const whole = Buffer.concat(Array.from({ length: limit / 2 ** 24 + 1 }, () => part));
    expect(refusal(() => libertyText(whole, 'some.lib.gz'))).toContain(
      `some.lib.gz has more than ${limit} bytes unpacked, and no more than`,
    );
  });
});

describe('functions', () => {
  const [f, t] = [false, true];
  test.each([
    ['!A', ['A'], [t, f]],
    ["A'", ['A'], [t, f]],
    ['!(A*B)', ['A', 'B'], [t, t, t, f]],
    ['(!A) + (!B)', ['A', 'B'], [t, t, t, f]],
    ["(A B)'", ['A', 'B'], [t, t, t, f]],
    ['A^B', ['A', 'B'], [f, t, t, f]],
    ['A & !B | !A & B', ['A', 'B'], [f, t, t, f]],
    ["A' + B C", ['A', 'B', 'C'], [t, f, t, f, t, f, t, t]],
    ['1', [], [t]],
  ])('%s', (text, inputs, table) => {
    expect(truthTable(text, inputs)).toEqual(table);
  });

  test.each(['', 'A*', '(A', 'A)', 'C', 'A ! ', '*A'])('%j is none', (text) => {
    expect(truthTable(text, ['A', 'B'])).toBeUndefined();
  });
});

describe('what a library has', () => {
  const read = (text: string) => cellLibrary(text, 'some.lib');

  test('units, NAND2, inverter, driver and load', () => {
    const big = { ...INVERTER, name: 'INV4', area: 2, capacitance: 4, resistance: 0.5 };
    const buffer = { ...INVERTER, name: 'B', area: 3, function: 'A' };
    const strong = { ...buffer, name: 'B4', resistance: 0.55 };
    const or = { ...NAND2, name: 'OR', area: 1, function: 'A+B' };
    const unwanted = { ...NAND2, name: 'HIDDEN', area: 0.5, extra: 'dont_use : true;' };
    const cells = [big, INVERTER, buffer, strong, or, unwanted, NAND2].map(linearCell);
    const { facts, constraints, areaUm2, sequential } = read(libertyOf([...cells, FLIP_FLOP]));
    expect(facts).toMatchObject({
      ...{ name: 'tiny', nand2: 'ND', nand2AreaUm2: 1.5, inverter: 'INV', driver: 'B4', loadFf: 4 },
    });
    expect(constraints).toBe('set_driving_cell B4\nset_load 4\n');
    expect(areaUm2).toMatchObject({ DFF: 6, INV4: 2, HIDDEN: 0.5 });
    expect(sequential).toEqual({ DFF: ['Q'] });
  });

  test('FO4, against a calculation by hand', () => {
    // Load 4: slew 2 * 2 * 4 = 16 at every stage; delay 5 + 2 * 4 + 0.1 * 16 = 14.6.
    expect(read(TINY_LIBRARY).facts.fo4Ps).toBeCloseTo(14.6, 9);
    // The same numbers in other units.
    const scaled = libertyOf(
      [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP],
      'time_unit : "100ps"; capacitive_load_unit (0.5, "pF");',
    );
    expect(read(scaled).facts).toMatchObject({ fo4Ps: 1460, loadFf: 2000 });
  });

  test('FO4 of unequal edges, beyond the borders of the table', () => {
    // Rise: 10 + 3 load, slew 5 load. Fall: 10 + 1 load, slew 1 load. Both + 0.2 slew; load 4 * 5 = 20.
    const grid = (kind: string, value: (slew: number, load: number) => number) =>
      `${kind} (loads_first) { values ("${[2, 4].map((load) => [1, 3].map((slew) => value(slew, load)).join(',')).join('","')}"); }`;
    const text = `library (edges) { time_unit : "1ps"; capacitive_load_unit (1, ff);
      lu_table_template (loads_first) { variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
        index_1 ("2, 4"); index_2 ("1, 3"); }
      cell (I) { area : 1; pin (A) { direction : input; rise_capacitance : 6; fall_capacitance : 4; }
        pin (Y) { direction : output; function : "!A"; timing () { related_pin : "A";
          ${grid('cell_rise', (slew, load) => 10 + 3 * load + 0.2 * slew)}
          ${grid('cell_fall', (slew, load) => 10 + load + 0.2 * slew)}
          ${grid('rise_transition', (_, load) => 5 * load)}
          ${grid('fall_transition', (_, load) => load)} } } }
      ${linearCell(NAND2).replaceAll('grid', 'loads_first')}
      ${FLIP_FLOP} }`;
    // Rising output after a falling input of slew 20: 10 + 60 + 4 = 74. Falling after 100: 10 + 20 + 20 = 50.
    expect(read(text).facts.fo4Ps).toBeCloseTo((74 + 50) / 2, 9);
  });

  test('a flip-flop with an inverted output', () => {
    const inverted = FLIP_FLOP.replace('"D"', '"!D"').replace('(Q)', '(QN)');
    const library = read(libertyOf([linearCell(INVERTER), linearCell(NAND2), inverted]));
    expect(library.sequential).toEqual({ DFF: ['QN'] });
  });

  test.each([
    ['no cells', [], 'some.lib has no cells; give a library that has standard cells'],
    ['no flip-flop', [linearCell(INVERTER), linearCell(NAND2)], 'some.lib has no flip-flop; give'],
    [
      'only a scan flip-flop',
      [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP.replace('"D"', '"D * CK"')],
      'some.lib has no flip-flop; give',
    ],
    [
      'no NAND2',
      [linearCell(INVERTER), FLIP_FLOP],
      'some.lib has no NAND2; give a library that has a cell with the function !(A*B)',
    ],
    [
      'no inverter',
      [linearCell(NAND2), FLIP_FLOP],
      'some.lib has no inverter; give a library that has a cell with the function !A',
    ],
    [
      'an inverter without one of its tables',
      [linearCell(INVERTER).replace('fall_transition (grid)', 'other (grid)'), linearCell(NAND2), FLIP_FLOP],
      'some.lib has no inverter with delays: INV lacks a capacitance of its input or NLDM tables, of which all four are needed: cell_rise, cell_fall, rise_transition, fall_transition; give',
    ],
    [
      'a NAND2 without an area',
      [linearCell(INVERTER), linearCell(NAND2).replace('area : 1.5;', ''), FLIP_FLOP],
      'some.lib has no NAND2: ND has no area; give',
    ],
    [
      'a flip-flop of area 0',
      [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP.replace('area : 6', 'area : 0')],
      'some.lib has no flip-flop: DFF has no area; give',
    ],
    [
      'an inverter that is a pad',
      [linearCell({ ...INVERTER, extra: 'pad_cell : true;' }), linearCell(NAND2), FLIP_FLOP],
      'some.lib has no inverter: INV is a pad or marked dont_use; give',
    ],
    [
      'an area that is no number',
      [linearCell(INVERTER).replace('area : 1', 'area : big'), linearCell(NAND2), FLIP_FLOP],
      'some.lib: cell INV has an area that is no number',
    ],
  ])('%s', (_, cells, message) => {
    expect(refusal(() => read(libertyOf(cells)))).toContain(message);
  });

  test('units that are none', () => {
    const cells = [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP];
    const text = libertyOf(cells, 'time_unit : "1 fortnight";');
    expect(refusal(() => read(text))).toBe('some.lib has a time_unit that is no unit: 1 fortnight');
  });

  test.each(['10ns', '1fs', '2ps', '1us'])('a time_unit of %s, which ABC would take for 1 ns', (unit) => {
    const text = libertyOf([], `time_unit : "${unit}";`);
    expect(refusal(() => read(text))).toContain(
      `some.lib: time_unit = ${unit} is outside {1ps, 10ps, 100ps, 1ns}; give`,
    );
  });

  test.each([
    ['1ps', '1ps', 14.6],
    ['10 PS', '10ps', 146],
    ['0.1ns', '100ps', 1460],
    ['1000ps', '1ns', 14600],
  ])('a time_unit of %s is %s', (unit, printed, fo4Ps) => {
    const cells = [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP];
    const { facts, timing } = read(libertyOf(cells, `time_unit : "${unit}"; capacitive_load_unit (1, ff);`));
    expect(facts.fo4Ps).toBe(fo4Ps);
    expect(timing).toContain(`time_unit : "${printed}";`);
  });

  test.each([
    [
      'nan',
      'values',
      'cell_rise grid of timing of pin Y of cell ND',
      /(?<=cell \(ND\).*?values \("[\d.]+, )[\d.]+/s,
    ],
    [
      'inf',
      'values',
      'cell_fall grid of timing of pin Y of cell ND',
      /(?<=cell \(ND\).*cell_fall.*values \(")[\d.]+/s,
    ],
    ['1O', 'index_2', 'lu_table_template grid', /(?<=index_2 \("1, )10/],
  ])('%s among the %s of a table', (entry, list, place, replaced) => {
    const broken = TINY_LIBRARY.replace(replaced, entry);
    expect(refusal(() => read(broken))).toBe(
      `some.lib: ${entry} in ${list} of ${place} is no finite number; get the file again`,
    );
  });

  test.each(['', '""', '" "'])('no name: library (%s)', (name) => {
    expect(refusal(() => read(TINY_LIBRARY.replace('(tiny)', `(${name})`)))).toBe(
      'some.lib gives its library no name; write one: library (name) {',
    );
  });

  test('a name that needs its quotes, in all that the tools read', () => {
    const name = 'osu/035 v1';
    const { facts, cells, timing } = read(TINY_LIBRARY.replace('(tiny)', `("${name}")`));
    expect(facts.name).toBe(name);
    for (const text of [cells, timing]) expect(parse(text).names).toEqual([name]);
  });
});

describe('what the tools are given', () => {
  test.each([
    ['pads', 'area : 0.1; pad_cell : true;'],
    ['cells with a pin that is a pad', 'area : 0.1; pin (P) { direction : inout; is_pad : true; }'],
    ['level shifters', 'area : 0.1; is_level_shifter : true;'],
    ['isolation cells', 'area : 0.1; is_isolation_cell : true;'],
    ['clock gates', 'area : 0.1; clock_gating_integrated_cell : "latch_posedge";'],
    ['cells that are not to be used', 'area : 0.1; dont_use : true;'],
    ['cells of area 0', 'area : 0;'],
    ['cells without an area', ''],
  ])('no %s', (_, attributes) => {
    // Better than the others in all that cells are chosen by.
    const odd = (cell: string) => cell.replace(/area : [\d.]+;/, attributes).replace('cell (', 'cell (ODD_');
    const buffer = { ...INVERTER, name: 'BUF', function: 'A', resistance: 0.5 };
    const odds = [...[INVERTER, NAND2, buffer].map(linearCell), FLIP_FLOP].map(odd);
    const ordinary = [linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP];
    const { facts, cells, timing, constraints } = cellLibrary(libertyOf([...odds, ...ordinary]), 'some.lib');
    const expected = cellLibrary(libertyOf(ordinary), 'some.lib');
    expect({ facts, constraints }).toEqual({ facts: expected.facts, constraints: expected.constraints });
    expect(timing).toBe(expected.timing);
    expect(cells).not.toContain('ODD_DFF');
  });

  test('cells with attributes that are false, of which ABC would take the name for the value', () => {
    const extra = 'dont_use : false; pad_cell : "false"; is_level_shifter : FALSE;';
    const marked = [INVERTER, NAND2].map((cell) => linearCell({ ...cell, extra }));
    const { timing, facts } = cellLibrary(libertyOf([...marked, FLIP_FLOP]), 'some.lib');
    expect(facts).toMatchObject({ inverter: 'INV', nand2: 'ND' });
    expect(timing).toContain('cell (INV)');
    expect(timing).toContain('cell (ND)');
    expect(timing).not.toContain('dont_use');
  });

  test('of several tables for the same input, the greatest of each entry', () => {
    const timing = (
      values: string,
    ) => `timing () { related_pin : "A"; timing_sense : negative_unate; when : "x";
      ${['cell_rise', 'cell_fall', 'rise_transition', 'fall_transition'].map((kind) => `${kind} (grid) { values (${values}); }`).join('\n')} }`;
    const cell = `cell (S) { area : 1; pin (A) { direction : input; capacitance : 1; }
      pin (Y) { direction : output; function : "!A"; ${timing('"1, 20", "3, 4"')} ${timing('"10, 2", "3, 40"')} } }`;
    const { timing: text } = cellLibrary(libertyOf([cell, linearCell(NAND2), FLIP_FLOP]), 'some.lib');
    expect(text.match(/timing \(\)/g)).toHaveLength(1 + 2);
    expect(text).toContain('values ("10, 20, 3, 40")');
  });

  test('a table for several inputs as one for each', () => {
    const nand = linearCell(NAND2).replace('related_pin : "A"', 'related_pin : "A B"');
    const { timing } = cellLibrary(libertyOf([linearCell(INVERTER), nand, FLIP_FLOP]), 'some.lib');
    expect(timing.match(/related_pin : "[^"]*"/g)).toEqual([
      'related_pin : "A"',
      'related_pin : "A"',
      'related_pin : "B"',
    ]);
  });

  test('no timing for Yosys; for ABC no flip-flops, nothing that it would choke on, and units that it knows', () => {
    const odd = linearCell({ ...INVERTER, name: 'ODD' }).replaceAll('cell_rise (grid)', 'other (grid)');
    const broken = odd.replaceAll('cell_fall (grid)', 'other (grid)');
    const { cells, timing } = cellLibrary(
      libertyOf(
        [broken, linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP],
        'time_unit : "1.0 nS"; capacitive_load_unit (1, PF);',
      ),
      'some.lib',
    );
    expect(cells).toContain('cell (DFF)');
    expect(cells).toContain('cell (ODD)');
    expect(cells).not.toContain('timing');
    expect(timing).toContain('cell (INV)');
    expect(timing).not.toContain('cell (DFF)');
    expect(timing).not.toContain('cell (ODD)');
    for (const text of [cells, timing]) {
      expect(text).toContain('time_unit : "1ns";');
      expect(text).toContain('capacitive_load_unit (1000, ff);');
    }
  });
});
