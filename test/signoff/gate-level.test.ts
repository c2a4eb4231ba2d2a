/** The gate level of a small design: it passes as it is, and a cell that does something else is found. */
import { expect, test } from 'vitest';
import type { Design } from '../../hdl-gen/design.ts';
import { checkGateLevel, GENERIC_FLOW, libertyFlow } from '../../signoff/gate-level.ts';
import type { Bench } from '../../sim/bench.ts';
import { Random } from '../../sim/random.ts';
import { mappedNetlist } from '../../synth/gate-netlist.ts';
import { LibertyError, parseLiberty } from '../../synth/liberty.ts';
import { libertyModels } from '../../synth/liberty-models.ts';
import { loadLibraries } from '../../synth/libraries.ts';

const port = (name: string, direction: 'input' | 'output', width: number) => ({
  ...{ name, direction, width },
  signed: false,
});

/** A running sum. */
const design: Design = {
  top: 'sum',
  clock: 'clk',
  files: [
    {
      name: 'sum.v',
      text: `module sum(input clk, input rst, input [3:0] x, output reg [7:0] total);
  always @(posedge clk) if (rst) total <= 0; else total <= total + x;
endmodule
`,
    },
  ],
  ports: [
    port('clk', 'input', 1),
    port('rst', 'input', 1),
    port('x', 'input', 4),
    port('total', 'output', 8),
  ],
};

const bench: Bench = {
  design,
  elements: {},
  bins: [],
  directed() {
    const random = new Random(1);
    return Uint32Array.from(
      Array.from({ length: 500 }, (_, i) => [i % 50 === 0 ? 1 : 0, random.below(16)]).flat(),
    );
  },
  random: () => new Uint32Array(),
  expect(stimulus) {
    const outputs = new Uint32Array(stimulus.length / 2);
    for (let row = 1; row < outputs.length; row += 1) {
      const [rst, x = 0] = stimulus.subarray(2 * row - 2, 2 * row);
      outputs[row] = rst === 1 ? 0 : ((outputs[row - 1] ?? 0) + x) & 255;
    }
    return { outputs, firstChecked: 1 };
  },
  isLegal: () => true,
};

const EFFORT = { rows: 0, seed: 1 };

test('Yosys gates are right', async () => {
  expect(await checkGateLevel(GENERIC_FLOW, [bench], EFFORT, false)).toMatchObject({
    status: 'pass',
    findings: [],
    method: expect.stringMatching(/: [1-9]\d* cells of sum, 499 vectors against the golden model$/),
  });
});

test('Liberty cells are right, a wrong function of one is found, and a latch leaves the check open', async () => {
  const [library] = (await loadLibraries([], false)).values();
  if (library === undefined) throw new Error('no embedded library');
  const mapped = await mappedNetlist(design, library);
  const flow = { ...libertyFlow(library), synthesize: async () => mapped };
  expect(await checkGateLevel(flow, [bench], EFFORT, false)).toMatchObject({
    status: 'pass',
    evidence: { blocks: [{ cellCounts: mapped.cellCounts }] },
  });

  const kinds = new Set(['cell', 'pin', 'ff']);
  const wrong = library.cells.replaceAll('next_state : "D"', 'next_state : "!D"');
  expect(wrong).not.toBe(library.cells);
  const models = libertyModels(
    parseLiberty(wrong, 'wrong.lib', kinds),
    Object.keys(mapped.cellCounts),
    'wrong.lib',
  );
  const broken = { ...flow, synthesize: async () => ({ ...mapped, models }) };
  expect(await checkGateLevel(broken, [bench], EFFORT, false)).toMatchObject({
    status: 'fail',
    findings: [expect.stringMatching(/^sum: the netlist differs from golden in vector \d+$/)],
  });

  const refused = {
    ...flow,
    synthesize: () => Promise.reject(new LibertyError('l.lib: cell L has a latch')),
  };
  expect(await checkGateLevel(refused, [bench], EFFORT, false)).toMatchObject({
    status: 'open',
    findings: ['sum: l.lib: cell L has a latch'],
  });
});
