/** The proofs hold for what is generated, and each fails where a bug is planted. */
import { describe, expect, type TestOptions, test } from 'vitest';
import { ALGORITHM_1 } from '../../formal/algorithm-1.ts';
import { decide } from '../../formal/claims.ts';
import { comparison, rescalerCircuit } from '../../formal/rescaler.ts';
import { multiplierFormat } from '../../golden/index.ts';
import { designOf } from '../../hdl-gen/design.ts';
import { type GenerateOptions, generate } from '../../hdl-gen/generate.ts';
import { verify } from '../../sim/regression.ts';
import { rescalerBench } from '../../sim/rescaler-bench.ts';
import { createSimulator } from '../../sim/simulators/index.ts';
import { LONG } from '../support/long.ts';
import { faults, optionsOf, type ProofName } from './support.ts';

/** Small sizes with every option among them; `npm run signoff` has any size. */
const PROVEN: readonly (readonly [ProofName, Partial<GenerateOptions>, TestOptions?])[] = [
  ['rescaler', { arch: 'fast', k: 1, leadingOne: 'hidden' }, LONG],
  ['rescaler', { arch: 'plain', k: 1 }],
  ['pipeline', { arch: 'fast', k: 32, leadingOne: 'hidden', pipeline: 3 }],
  ['pipeline', { arch: 'fast', k: 4, pipeline: 2 }],
  ['pipeline', { arch: 'plain', k: 32, pipeline: 1 }],
  ['sum', { arch: 'fast', macs: 1 }],
  ['sum', { arch: 'plain', macs: 3 }],
  ['control', { arch: 'fast', pipeline: 0 }],
  ['control', { arch: 'plain', pipeline: 3, leadingOne: 'hidden' }],
  ['chain', { arch: 'fast', units: 1 }],
  ['chain', { arch: 'plain', units: 3, pipeline: 1, leadingOne: 'hidden' }],
];

describe('proven', () => {
  for (const [proof, some, length = {}] of PROVEN) {
    test(`${proof}, ${JSON.stringify(some)}`, length, async () => {
      expect(await faults(proof, optionsOf(some))).toEqual([]);
    });
  }
});

test('in one piece, without the split, the rescaler equals Algorithm 1, too', LONG, async () => {
  const options = optionsOf({ arch: 'fast', k: 1 });
  const claim = await comparison('whole', await rescalerCircuit(options, generate(options)), {});
  expect((await decide(claim)).verdict).toEqual({ kind: 'proven' });
});

test('the specification of the proofs is golden: simulated like a block', async () => {
  const options = optionsOf({ k: 4 });
  const { ports } = designOf(generate(options), 'rescaler');
  const declared = ports.map(
    ({ name, direction, signed, width }) =>
      `${direction} wire ${signed ? 'signed' : ''} [${width - 1}:0] ${name}`,
  );
  const connected = ports.map(({ name }) => `.${name === 'multiplier' ? 'm' : name}(${name})`);
  const text = `module rescaler (${declared.join(', ')});
    algorithm_1 #(.W(4), .S(5)) specification (${connected.join(', ')});
  endmodule`;
  const design = { top: 'rescaler', files: [...ALGORITHM_1.files, { name: 'rescaler.v', text }], ports };
  const bench = rescalerBench(design, multiplierFormat(4));
  const [result] = await verify(options, createSimulator('cxxrtl'), { rows: 20_000, seed: 1 }, [bench]);
  expect(result).toMatchObject({ block: 'rescaler', emptyBins: [] });
  expect(result?.failure).toBeUndefined();
});

interface PlantedBug {
  readonly proof: ProofName;
  readonly options?: Partial<GenerateOptions>;
  readonly module: 'rescaler' | 'rescaler_pipelined' | 'dot_product_unit' | 'systolic_array';
  readonly line: RegExp;
  readonly becomes: string;
  /** The claim that does not hold, or why there is none. */
  readonly caughtBy: string | RegExp;
}

const plain = { arch: 'plain' } as const;

const BUGS: Readonly<Record<string, PlantedBug>> = {
  'no rounding': {
    proof: 'rescaler',
    module: 'rescaler',
    line: /wire round = window\[0\];/,
    becomes: "wire round = 1'b0;",
    caughtBy: 'rescale',
  },
  'rounding off by one': {
    proof: 'rescaler',
    options: plain,
    module: 'rescaler',
    line: /(\+ \$signed\(\{8'd0, half\}\));/,
    becomes: '$1 - 1;',
    caughtBy: 'rounded',
  },
  'wrong for one product of 2^34': {
    proof: 'rescaler',
    module: 'rescaler',
    line: /assign out = (\w+);/,
    becomes: "assign out = product == 34'd123457 ? act_max : $1;",
    caughtBy: 'rescale',
  },
  'the quotient that rounds over its 32 bits': {
    proof: 'rescaler',
    module: 'rescaler',
    line: /wire overflows = [^;]*;/,
    becomes: "wire overflows = 1'b0;",
    caughtBy: 'rescale',
  },
  'quotient of a shift without sign': {
    proof: 'rescaler',
    options: plain,
    module: 'rescaler',
    line: /rounded >>> shift/,
    becomes: 'rounded >> shift',
    caughtBy: 'quotient',
  },
  'quotient without its sign': {
    proof: 'rescaler',
    options: plain,
    module: 'rescaler',
    line: /\{quotient\[31\], quotient\}/,
    becomes: "{1'b0, quotient}",
    caughtBy: 'output',
  },
  'saturates at 127 instead of act_max': {
    proof: 'rescaler',
    options: plain,
    module: 'rescaler',
    line: /sum > \$signed\(\{\{25\{act_max\[7\]\}\}, act_max\}\)/,
    becomes: "sum > 33'sd127",
    caughtBy: 'output',
  },
  'multiplier with a sign': {
    proof: 'rescaler',
    options: plain,
    module: 'rescaler',
    line: /\{32'd0, multiplier\}/,
    becomes: '{{32{multiplier[K-1]}}, multiplier}',
    caughtBy: 'product',
  },
  'a row without its sign': {
    proof: 'rescaler',
    options: { k: 4 },
    module: 'rescaler',
    line: /1'b1, ~digit\[32\]/,
    becomes: "1'b1, 1'b1",
    caughtBy: 'rows',
  },
  'a negation without the 1 that completes it': {
    proof: 'rescaler',
    module: 'rescaler',
    line: /1'b0, padded\[2\*i\]/,
    becomes: "1'b0, 1'b0",
    caughtBy: 'rows',
  },
  'a carry that is lost': {
    proof: 'rescaler',
    // Of fewer bits there are two rows, which no adder takes.
    options: { k: 4 },
    module: 'rescaler',
    line: /a & b \| c & \(a \^ b\)/,
    becomes: 'a & b | c & a',
    caughtBy: /^adders/,
  },
  'an addition without two levels of its prefix': {
    proof: 'rescaler',
    module: 'rescaler',
    line: /(product_carry = )product_level\[\$clog2\(K\+32\)-1\]/,
    becomes: '$1product_level[$clog2(K+32)-3]',
    caughtBy: 'addition',
  },
  'a register too few on one path': {
    proof: 'pipeline',
    options: { pipeline: 2 },
    module: 'rescaler_pipelined',
    line: /act_max_stage2 <= act_max_stage1;/,
    becomes: 'act_max_stage2 <= act_max;',
    caughtBy: /mixes delays/,
  },
  'a register that takes another': {
    proof: 'pipeline',
    options: { pipeline: 1 },
    module: 'rescaler_pipelined',
    line: /act_max_stage1 <= act_max;/,
    becomes: 'act_max_stage1 <= act_min;',
    caughtBy: 'function of the stages',
  },
  'weights without their sign': {
    proof: 'sum',
    options: plain,
    module: 'dot_product_unit',
    line: /\{\{8\{weight\[7\]\}\}, weight\}/,
    becomes: "{8'd0, weight}",
    caughtBy: 'products',
  },
  'elements of x swapped': {
    proof: 'sum',
    module: 'dot_product_unit',
    line: /activation = x\[8\*i\+7:8\*i\]/,
    becomes: 'activation = x[8*(MACS-1-i)+7:8*(MACS-1-i)]',
    caughtBy: 'lanes',
  },
  'a constant of another value': {
    proof: 'sum',
    module: 'dot_product_unit',
    line: /-21760\*MACS/,
    becomes: '-21761*MACS',
    caughtBy: 'accumulator and constant',
  },
  'the upper part of the accumulator never takes -1': {
    proof: 'sum',
    module: 'dot_product_unit',
    line: /wire minus_one = [^;]*;/,
    becomes: "wire minus_one = 1'b0;",
    caughtBy: 'next accumulator',
  },
  'reset does not start a new sum': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /if \(rst\) begin(\s+)fresh <= 1'b1;/,
    becomes: 'if (rst) begin$1fresh <= fresh;',
    caughtBy: 'control',
  },
  'reset leaves a result under way': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /valid_stage0 <= 1'b0;/,
    becomes: 'valid_stage0 <= last_beat;',
    caughtBy: 'control',
  },
  'the output is not reset': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /result <= 8'sd0;/,
    becomes: 'result <= result;',
    caughtBy: 'control',
  },
  'valid a cycle early': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /result_valid <= valid_stage0;/,
    becomes: 'result_valid <= last_beat;',
    caughtBy: 'control',
  },
  'in_last without in_valid': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /last_beat = in_valid & in_last/,
    becomes: 'last_beat = in_last',
    caughtBy: 'control',
  },
  'act_min and act_max swapped': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /\(last_act_min\),(\s*)\.act_max( *)\(last_act_max\)/,
    becomes: '(last_act_max),$1.act_max$2(last_act_min)',
    caughtBy: 'control',
  },
  'bias at the wrong beats': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /fresh \? bias : acc/,
    becomes: 'fresh ? acc : bias',
    caughtBy: 'control',
  },
  'the accumulator moves without a beat': {
    proof: 'control',
    module: 'dot_product_unit',
    line: /if \(in_valid\) begin(\s+)acc <= /,
    becomes: 'if (1) begin$1acc <= ',
    caughtBy: 'accumulator holds',
  },
  'activations skip a unit': {
    proof: 'chain',
    options: { ...plain, units: 3 },
    module: 'systolic_array',
    line: /(hop_x[\s\S]*?)previous <= lane\[u-1\]\.beat;/,
    becomes: '$1previous <= lane[u > 1 ? u-2 : 0].beat;',
    caughtBy: 'chain',
  },
  'activations ahead of their control': {
    proof: 'chain',
    options: { ...plain, units: 2 },
    module: 'systolic_array',
    line: /(hop_x[\s\S]*?)assign beat = previous;/,
    becomes: '$1assign beat = lane[u-1].beat;',
    caughtBy: 'no register holds lane[1].beat',
  },
  'the weights of unit 0 in every unit': {
    proof: 'chain',
    options: { ...plain, units: 2 },
    module: 'systolic_array',
    line: /\.w( *)\(w\[[^\]]*\]\)/,
    becomes: '.w$1(w[8*MACS-1:0])',
    caughtBy: 'chain',
  },
  'outputs in the wrong lanes': {
    proof: 'chain',
    options: { ...plain, units: 2 },
    module: 'systolic_array',
    line: /= lane\[j\]\.y;/,
    becomes: '= lane[UNITS-1-j].y;',
    caughtBy: 'chain',
  },
  'reset misses a beat on its way to the next unit': {
    proof: 'chain',
    options: { ...plain, units: 2 },
    module: 'systolic_array',
    line: /previous <= 2'd0;/,
    becomes: 'previous <= lane[u-1].control;',
    caughtBy: 'chain',
  },
};

describe('a planted bug is caught', () => {
  test.each(Object.entries(BUGS))(
    '%s',
    async (_, { proof, options = {}, module, line, becomes, caughtBy }) => {
      const all = optionsOf(options);
      const blocks = generate(all);
      const planted = blocks.map((block) =>
        block.manifest.module === module
          ? { ...block, verilog: block.verilog.replace(line, becomes) }
          : block,
      );
      expect(planted, `${line} is no longer in ${module}.v`).not.toEqual(blocks);
      const [first = 'nothing'] = await faults(proof, all, planted);
      expect(first).toMatch(caughtBy);
    },
  );
});
