/** Mutants of a small circuit whose every bit is known: which must be killed, which cannot be, which get away. */
import { describe, expect, test } from 'vitest';
import { printNetlists } from '../../formal/netlist.ts';
import { multiplierFormat } from '../../golden/index.ts';
import type { Design } from '../../hdl-gen/design.ts';
import { type Fate, type JudgedTrial, judge } from '../../mutation/campaign.ts';
import { firstMismatches, laneCircuit } from '../../mutation/lanes.ts';
import { type Mutant, mutatedBlock, switchOf } from '../../mutation/mutants.ts';
import { tryMutants } from '../../mutation/trial.ts';
import { mutationCheck } from '../../signoff/mutation-check.ts';
import type { Bench, Stimulus } from '../../sim/bench.ts';
import { firstMismatch } from '../../sim/compare.ts';
import { Random } from '../../sim/random.ts';
import { benchesOf } from '../../sim/regression.ts';
import { createSimulator, inputLayout } from '../../sim/simulators/index.ts';
import { textOf, yosys } from '../../tools/yowasp.ts';
import { LONG } from '../support/long.ts';

/** `kept` is `a` whatever `b` is, so b's gates are redundant. */
const design: Design = {
  top: 'sample',
  clock: 'clk',
  files: [
    {
      name: 'sample.v',
      text: `module sample(input clk, input rst, input a, input b, input c, output q);
  wire kept = a & (a | b);
  reg held;
  always @(posedge clk)
    if (rst) held <= 0;
    else held <= kept ^ ~c;
  assign q = held;
endmodule
`,
    },
  ],
  ports: [
    ...['clk', 'rst', 'a', 'b', 'c'].map((name) => ({
      name,
      direction: 'input' as const,
      signed: false,
      width: 1,
    })),
    { name: 'q', direction: 'output', signed: false, width: 1 },
  ],
};

/** @param seen bits of `c` that the vectors move: 1 or 0 */
function benchWith(seen: number): Bench {
  const directed = (): Stimulus => {
    const random = new Random(1);
    const row = (i: number) => [
      i % 8 === 0 ? 1 : 0,
      random.below(2),
      random.below(2),
      random.below(2) & seen,
    ];
    return Uint32Array.from(Array.from({ length: 200 }, (_, i) => row(i)).flat());
  };
  return {
    design,
    elements: {},
    bins: [],
    directed,
    random: () => new Uint32Array(),
    expect(stimulus) {
      const outputs = new Uint32Array(stimulus.length / 4);
      for (let row = 1; row < outputs.length; row += 1) {
        const [rst = 0, a = 0, , c = 0] = stimulus.subarray(4 * row - 4, 4 * row);
        outputs[row] = rst === 1 ? 0 : a ^ c ^ 1;
      }
      return { outputs, firstChecked: 1 };
    },
    isLegal: () => true,
  };
}

const ALL = { mutants: 10_000, rows: 0, seed: 1 };

async function judged(bench: Bench): Promise<JudgedTrial> {
  const trial = await tryMutants(bench, multiplierFormat(2), ALL, false);
  const { trials } = await judge([trial], { cacheDirectory: false, limitSeconds: 100, jobs: 1 });
  const [only] = trials;
  if (only === undefined) throw new Error('no trial');
  return only;
}

function fatesOf({ mutants }: JudgedTrial, wanted: (mutant: Mutant) => boolean): readonly Fate['kind'][] {
  const found = mutants.filter(({ mutant }) => wanted(mutant)).map(({ fate }) => fate.kind);
  expect(found.length, 'mutants of that kind').toBeGreaterThan(0);
  return [...new Set(found)];
}

describe('with vectors that see everything', () => {
  let once: Promise<JudgedTrial> | undefined;
  const strong = (): Promise<JudgedTrial> => {
    once ??= judged(benchWith(1));
    return once;
  };

  test('a fault at an output or a register is killed', async () => {
    const trial = await strong();
    expect(fatesOf(trial, ({ cellType, pin }) => cellType === '$_DFF_P_' && pin === 'D')).toEqual(['killed']);
    expect(fatesOf(trial, ({ cellType, mode }) => cellType === '$_XOR_' && mode === 'inv')).toEqual([
      'killed',
    ]);
  });

  test('a fault that changes nothing is proven to', async () => {
    const trial = await strong();
    expect(fatesOf(trial, ({ cellType, pin }) => cellType === '$_OR_' && pin === 'B')).toContain(
      'equivalent',
    );
    expect(trial.mutants.filter(({ fate }) => fate.kind === 'survived')).toEqual([]);
    expect(mutationCheck({ trials: [trial], failures: [], seconds: 1 })).toMatchObject({
      status: 'pass',
      findings: [],
    });
  });

  test('the clock is left alone, and every kind of gate is mutated', async () => {
    const trial = await strong();
    const pins = new Set(trial.mutants.map(({ mutant }) => `${mutant.cellType} ${mutant.pin}`));
    expect([...pins].filter((pin) => pin.startsWith('$_DFF_P_'))).toEqual(
      expect.arrayContaining(['$_DFF_P_ D', '$_DFF_P_ Q']),
    );
    expect(pins).not.toContain('$_DFF_P_ C');
  });
});

test('weak vectors leave a survivor, which is reported with its gate, source line and a case that shows it', async () => {
  const trial = await judged(benchWith(0));
  const { status, findings, method } = mutationCheck({ trials: [trial], failures: [], seconds: 1 });
  expect(status).toBe('open');
  expect(method).toMatch(/ (\d+) of (?!\1 )\d+ mutants killed/);
  expect(findings).toContainEqual(
    expect.stringMatching(
      /^sample: const1 B of \$_XOR_ .* \(sample\.v:6\.\S+\) survives 200 vectors; it shows at .*c=0x/,
    ),
  );
});

test('a block that differs from golden has no score', async () => {
  const bench = benchWith(1);
  const wrong: Bench = {
    ...bench,
    expect: (stimulus) => ({
      ...bench.expect(stimulus),
      outputs: bench.expect(stimulus).outputs.map((output, row) => (row === 9 ? output ^ 1 : output)),
    }),
  };
  await expect(tryMutants(wrong, multiplierFormat(2), { ...ALL, mutants: 1 }, false)).rejects.toThrow(
    'without a mutant, an output is wrong in row 9',
  );
  expect(mutationCheck({ trials: [], failures: ['sample: why'], seconds: 0 })).toMatchObject({
    status: 'open',
    findings: ['sample: why', expect.stringContaining('no mutants')],
  });
});

test('lanes kill what CXXRTL kills, in the same row; every kind of gate is mutated however few are asked for', async () => {
  const { mutants, netlist } = await mutatedBlock(design, 1, 1);
  const kinds = ['$_AND_', '$_OR_', '$_XOR_', '$_NOT_', '$_DFF_P_', '$_MUX_'];
  expect(new Set(mutants.map(({ cellType }) => cellType))).toEqual(new Set(kinds));
  const { files } = await yosys(
    'read_json netlist.json; write_verilog mutated.v',
    { 'netlist.json': printNetlists({ sample: netlist }) },
    { quiet: true },
  );
  const names = mutants.map((_, i) => switchOf(i));
  const switched: Design = {
    ...design,
    files: [{ name: 'mutated.v', text: textOf(files, 'mutated.v') }],
    ports: [
      ...design.ports,
      ...names.map((name) => ({ name, direction: 'input' as const, signed: false, width: 1 })),
    ],
  };
  const bench = benchWith(1);
  const [stimulus, words] = [bench.directed(), inputLayout(switched).words];
  const expectation = bench.expect(stimulus);
  const compiled = await createSimulator('cxxrtl', { cacheDirectory: false }).compile(switched);
  const circuit = laneCircuit(netlist, design);
  for (const [i, name] of names.entries()) {
    const rows = new Uint32Array((stimulus.length / 4) * words);
    for (let row = 0; row < stimulus.length / 4; row += 1) {
      rows.set(stimulus.subarray(4 * row, 4 * row + 4), row * words);
      rows[row * words + 4 + i] = 1;
    }
    const expected = firstMismatch(expectation, await compiled.run(rows), 1);
    const found = firstMismatches(circuit, stimulus, expectation, [name]);
    expect(found, mutants[i]?.command).toEqual([undefined, expected]);
  }
});

test('in the array, the last bit of a beat that is none may be anything', LONG, async () => {
  const options = { macs: 1, k: 1, units: 3, arch: 'plain', pipeline: 0, leadingOne: 'explicit' } as const;
  const [, , bench] = benchesOf(options);
  const format = multiplierFormat(options.k);
  const trial = await tryMutants(bench, format, { mutants: 400, rows: 2000, seed: 1 }, false);
  const { trials } = await judge([trial], { cacheDirectory: false, limitSeconds: 100, jobs: 2 });
  const fates = trials.flatMap(({ mutants }) => mutants);
  const ofKind = (kind: Fate['kind']) => fates.filter(({ fate }) => fate.kind === kind);
  expect(ofKind('survived')).toEqual([]);
  // The value of `last` after a reset, when `valid` is 0.
  expect(ofKind('equivalent').map(({ mutant }) => mutant.wire)).toContain('lane[2].control[0]');
});
