/**
 * Bugs of different kinds, planted one at a time in a copy of what is generated, and what each check of the
 * sign-off says to it. Every bug is one that a person could write.
 */
import { decide } from '../../formal/claims.ts';
import { proofsOf } from '../../formal/proofs.ts';
import {
  DEFAULT_OPTIONS,
  type GeneratedBlock,
  type GenerateOptions,
  generate,
} from '../../hdl-gen/generate.ts';
import { checkConnections } from '../../signoff/connections.ts';
import { checkControlRegisters } from '../../signoff/control-registers.ts';
import { checkLint } from '../../signoff/lint.ts';
import type { CheckResult } from '../../signoff/result.ts';
import { checkStructure } from '../../signoff/structure.ts';
import { benchesOf, verify } from '../../sim/regression.ts';
import { createSimulator, type Simulator, SimulatorError } from '../../sim/simulators/index.ts';
import { ToolError } from '../../tools/yowasp.ts';

/** Small enough for every proof to take seconds; the bugs are those of any size. */
export const NEGATIVE_OPTIONS: GenerateOptions = {
  ...DEFAULT_OPTIONS,
  ...{ arch: 'plain', macs: 2, k: 2, units: 2, pipeline: 1 },
};

export interface Negative {
  readonly module: 'rescaler' | 'rescaler_pipelined' | 'dot_product_unit' | 'systolic_array';
  readonly line: RegExp;
  readonly becomes: string;
}

/** The rescaler is there twice, alone and with its registers; a bug is planted in the one that units use. */
export const NEGATIVES: Readonly<Record<string, Negative>> = {
  'off-by-one rounding: no half at shift 1': {
    module: 'rescaler_pipelined',
    line: /\$signed\(\{8'd0, half\}\)/,
    becomes: "$signed({8'd0, half[K+24:1], 1'b0})",
  },
  'missing sign extension of the zero point': {
    module: 'rescaler_pipelined',
    line: /\{\{25\{zero_point_stage1\[7\]\}\}, zero_point_stage1\}/,
    becomes: "{25'd0, zero_point_stage1}",
  },
  'wrong saturation edge: 127 in place of act_max': {
    module: 'rescaler_pipelined',
    line: /sum > \$signed\(\{\{25\{act_max_stage1\[7\]\}\}, act_max_stage1\}\)/,
    becomes: "sum > 33'sd127",
  },
  'multiplier taken as signed': {
    module: 'rescaler_pipelined',
    line: /\{32'd0, multiplier\}/,
    becomes: '{{32{multiplier[K-1]}}, multiplier}',
  },
  'wrong for one product of 2^34': {
    module: 'rescaler_pipelined',
    line: /assign out = clamped;/,
    becomes: "assign out = rounded_stage1 == 35'sd1234567891 ? act_min_stage1 : clamped;",
  },
  'a width that is right for k = 2 only': {
    module: 'rescaler',
    line: /wire signed \[K\+31:0\] product/,
    becomes: 'wire signed [33:0] product',
  },
  'swapped elements of x': {
    module: 'dot_product_unit',
    line: /activation = \$signed\(x\[[^\]]*\]\)/,
    becomes: 'activation = $signed(x[8*(2*MACS-1-i)+7:8*(2*MACS-1-i)])',
  },
  'dropped reset of a valid bit': {
    module: 'dot_product_unit',
    line: /valid_stage0 <= 1'b0;/,
    becomes: 'valid_stage0 <= last_beat;',
  },
  'wrong latency: out_valid a cycle early': {
    module: 'dot_product_unit',
    line: /result_valid <= valid_stage1;/,
    becomes: 'result_valid <= valid_stage0;',
  },
  'act_min and act_max swapped': {
    module: 'dot_product_unit',
    line: /\(last_act_min\),(\s*)\.act_max( *)\(last_act_max\)/,
    becomes: '(last_act_max),$1.act_max$2(last_act_min)',
  },
  'bubbles are beats': {
    module: 'dot_product_unit',
    line: /if \(in_valid\) begin(\s+)acc <=/,
    becomes: "if (1'b1) begin$1acc <=",
  },
  'a latch': {
    module: 'dot_product_unit',
    line: /wire last_beat = in_valid & in_last;/,
    becomes: 'reg last_beat; always @* if (in_valid) last_beat = in_last;',
  },
  'a second driver': {
    module: 'dot_product_unit',
    line: /assign out = result;/,
    becomes: 'assign out = result; assign out = last_zero_point;',
  },
  'weights of unit 0 in every unit': {
    module: 'systolic_array',
    line: /\.w( *)\(w\[[^\]]*\]\)/,
    becomes: '.w$1(w[8*MACS-1:0])',
  },
  'a port that is not connected': {
    module: 'systolic_array',
    line: /\.bias( *)\(unit_bias\)/,
    becomes: '.bias$1()',
  },
};

/** @throws Error unless the line is there exactly once, so that no bug can silently fail to be planted */
export function planted({ module, line, becomes }: Negative): readonly GeneratedBlock[] {
  const blocks = generate(NEGATIVE_OPTIONS);
  const text = blocks.find(({ manifest }) => manifest.module === module)?.verilog ?? '';
  const found = [...text.matchAll(new RegExp(line, 'g'))].length;
  if (found !== 1) throw new Error(`${line} is in ${module}.v ${found} times, not once`);
  return blocks.map((block) =>
    block.manifest.module === module ? { ...block, verilog: block.verilog.replace(line, becomes) } : block,
  );
}

/** Blocks, and where a bug is in them; undefined where there is none. */
export interface Suspect {
  readonly blocks: readonly GeneratedBlock[];
  readonly module?: Negative['module'];
}

/** What each check finds: undefined where it finds nothing. */
export const CHECKS = {
  lint: async ({ blocks }: Suspect) => {
    const { status, findings } = await checkLint(blocks);
    if (status === 'skipped') return NOT_RUN;
    return status === 'pass' ? undefined : (/%(?:Warning-)?(\w+)/.exec(findings.join())?.[1] ?? 'found');
  },
  'latch, loop, drivers': async ({ blocks }: Suspect) => found(await checkStructure(blocks)),
  connections: async ({ blocks }: Suspect) => found(await checkConnections(blocks)),
  'control registers': async ({ blocks }: Suspect) => found(await checkControlRegisters(blocks)),
  proof: claimThatFails,
  simulation: blockThatFails,
} as const;

export const NOT_RUN = 'not run';

function found({ status }: CheckResult): 'found' | undefined {
  return status === 'pass' ? undefined : 'found';
}

/** The first claim that does not hold, or the proof that the circuit is not made for. */
async function claimThatFails({ blocks }: Suspect): Promise<string | undefined> {
  for (const { name, claims } of await proofsOf(NEGATIVE_OPTIONS, blocks)) {
    if ('missing' in claims) return `${name}: not proven`;
    for (const claim of claims) {
      if ((await decide(claim)).verdict.kind === 'refuted') return `${name}: ${claim.name}`;
    }
  }
  return undefined;
}

/** The block in which vectors find a difference from golden; of those that have the module in them, the first. */
async function blockThatFails({ blocks, module }: Suspect): Promise<string | undefined> {
  const top = module === 'rescaler_pipelined' ? 'dot_product_unit' : module;
  const benches = benchesOf(NEGATIVE_OPTIONS, blocks).filter(
    ({ design }) => top === undefined || design.top === top,
  );
  const cxxrtl = createSimulator('cxxrtl');
  // Waveforms of failures would be compiled, and nobody looks at them here.
  const simulator: Simulator = {
    ...cxxrtl,
    compile: async (design) => ({ ...(await cxxrtl.compile(design)), waveform: async () => '' }),
  };
  try {
    const results = await verify(NEGATIVE_OPTIONS, simulator, { rows: 20_000, seed: 1 }, benches);
    return results.find(({ failure }) => failure !== undefined)?.block;
  } catch (error) {
    if (error instanceof SimulatorError || error instanceof ToolError) return 'refused';
    throw error;
  }
}
