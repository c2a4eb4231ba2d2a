/** Models of cells: against Yosys' own reader of Liberty, for all inputs; and what cannot be modelled. */
import { expect, test } from 'vitest';
import { genericLibrary } from '../../synth/generic-library.ts';
import { type Group, groupsOf, parseLiberty } from '../../synth/liberty.ts';
import { libertyModels } from '../../synth/liberty-models.ts';
import { yosys } from '../../tools/yowasp.ts';

const KEPT = new Set(['cell', 'pin', 'ff', 'latch']);

function libraryOf(cells: string): Group {
  return parseLiberty(`library (l) { ${cells} }`, 'l.lib', KEPT);
}

test('every combinational cell of the embedded library computes what Yosys reads in it', async () => {
  const text = genericLibrary();
  const library = parseLiberty(text, 'generic.lib', KEPT);
  const names = groupsOf(library, 'cell')
    .filter((cell) => groupsOf(cell, 'ff').length === 0)
    .map(({ names: [name = ''] }) => name);
  expect(names.length).toBeGreaterThan(10);
  const script = [
    'read_liberty generic.lib',
    ...names.map((name) => `rename ${name} yosys_${name}`),
    'read_verilog models.v; proc',
    ...names.map(
      (name) =>
        `miter -equiv -make_assert -flatten yosys_${name} ${name} both_${name}; sat -verify -prove-asserts both_${name}`,
    ),
  ];
  await yosys(script.join('; '), {
    'generic.lib': text,
    'models.v': libertyModels(library, names, 'generic.lib'),
  });
});

test.each([
  ["A B' + !C", '((A & ~B) | ~C)'],
  ['A ^ B * C', '(A ^ (B & C))'],
  ["(A + B)' 1", "(~(A | B) & 1'b1)"],
])('%s is %s', (liberty, verilog) => {
  const inputs = ['A', 'B', 'C'].map((name) => `pin (${name}) { direction : input; }`).join(' ');
  const library = libraryOf(
    `cell (X) { ${inputs} pin (Y) { direction : output; function : "${liberty}"; } }`,
  );
  expect(libertyModels(library, ['X'], 'l.lib')).toContain(`assign Y = ${verilog};`);
});

const PINS = `pin (D) { direction : input; } pin (C) { direction : input; } pin (R) { direction : input; }
  pin (Q) { direction : output; function : "IQ"; } pin (QN) { direction : output; function : "IQN"; }`;

test('a flip-flop of the falling edge, with a clear', () => {
  const library = libraryOf(
    `cell (F) { ff (IQ, IQN) { next_state : "D"; clocked_on : "!C"; clear : "!R"; } ${PINS} }`,
  );
  const model = libertyModels(library, ['F'], 'l.lib');
  for (const line of [
    'wire clock_edge = ~C;',
    'wire forced = ~R;',
    "if (forced) IQ <= 1'b0;",
    'assign QN = IQN;',
  ]) {
    expect(model).toContain(line);
  }
});

test.each([
  [
    `cell (L) { latch (IQ, IQN) { data_in : "D"; enable : "C"; } ${PINS} }`,
    'l.lib: cell L has a latch group',
  ],
  [`cell (L) { ff (IQ, IQN) { next_state : "D"; } ${PINS} }`, 'without next_state or clocked_on'],
  [
    `cell (L) { pin (Y) { direction : output; function : "A"; } }`,
    'a function that is no function of its pins: A',
  ],
  [`cell (L) { pin (Y) { direction : output; } }`, 'output Y of cell L has no function'],
  ['cell (M) { }', 'l.lib has no cell L'],
])('%s is refused', (cells, message) => {
  expect(() => libertyModels(libraryOf(cells), ['L'], 'l.lib')).toThrow(message);
});
