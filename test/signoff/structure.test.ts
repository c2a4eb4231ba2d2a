/** What a netlist shows without a proof: each check passes for what is generated, and finds what it is for. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS, type GeneratedBlock, generate } from '../../hdl-gen/generate.ts';
import { checkConnections } from '../../signoff/connections.ts';
import { checkControlRegisters } from '../../signoff/control-registers.ts';
import { checkStableText } from '../../signoff/stable-text.ts';

const options = { ...DEFAULT_OPTIONS, arch: 'plain', macs: 2, k: 2, units: 2, pipeline: 1 } as const;
const blocks = generate(options);

/** The blocks with one change. */
function changed(module: string, line: RegExp, becomes: string): readonly GeneratedBlock[] {
  const planted = blocks.map((block) =>
    block.manifest.module === module ? { ...block, verilog: block.verilog.replace(line, becomes) } : block,
  );
  expect(planted, `${line} is no longer in ${module}.v`).not.toEqual(blocks);
  return planted;
}

describe('connections', () => {
  test('what is generated has none that is open', async () => {
    const { status, evidence } = await checkConnections(blocks);
    expect(status).toBe('pass');
    expect(evidence).toMatchObject({
      instances: ['dot_product_unit.rescale', 'systolic_array.lane[0].unit', 'systolic_array.lane[1].unit'],
    });
  });

  test.each([
    ['an input left open', /\.bias +\(unit_bias\),/, '', 'bias is not connected'],
    ['an input without anything', /\.bias +\(unit_bias\)/, '.bias ()', 'bias is not connected'],
    ['an output left open', /\.out_valid +\(unit_out_valid\)/, '.out_valid ()', 'out_valid is not connected'],
    ['an output that nobody reads', /= lane\[j\]\.y/, "= 8'd0", 'nothing reads out, or a part of it'],
    ['an undefined input', /\.in_last +\(control\[0\]\)/, ".in_last (1'bx)", 'in_last is undefined'],
    [
      'an input that nobody reads',
      /w\[8\*MACS\*u\+8\*MACS-1:8\*MACS\*u\]/,
      'w[8*MACS-1:0]',
      'nothing reads w',
    ],
  ])('%s', async (_, line, becomes, finding) => {
    const { status, findings } = await checkConnections(changed('systolic_array', line, becomes));
    expect(status).toBe('fail');
    expect(findings.join('; ')).toContain(finding);
  });
});

describe('control registers', () => {
  test('are told from data by what they depend on, not by their names', async () => {
    const { status, evidence } = await checkControlRegisters(blocks);
    expect(status).toBe('pass');
    expect(evidence).toMatchObject({
      blocks: {
        rescaler_pipelined: { control: [], reset: [] },
        dot_product_unit: {
          control: ['fresh', 'out_valid', 'valid_stage0', 'valid_stage1'],
          reset: ['fresh', 'out', 'out_valid', 'valid_stage0', 'valid_stage1'],
        },
      },
    });
  });

  test.each([
    ['no reset', /if \(rst\) begin(\s+)fresh <= 1'b1;/, 'if (rst) begin$1fresh <= fresh;', 'fresh'],
    ['a reset to an input', /valid_stage0 <= 1'b0;/, 'valid_stage0 <= last_beat;', 'valid_stage0'],
    ['a reset by another input', /if \(rst\) begin(\s+)fresh/, 'if (in_last) begin$1fresh', 'fresh'],
  ])('%s', async (_, line, becomes, register) => {
    const { status, findings } = await checkControlRegisters(changed('dot_product_unit', line, becomes));
    expect(status).toBe('fail');
    expect(findings).toContain(`dot_product_unit: ${register} is control, and has no reset by rst`);
  });
});

test('text that another process would not write is found', async () => {
  expect(await checkStableText(options, blocks)).toMatchObject({ status: 'pass', findings: [] });
  const { status, findings } = await checkStableText(options, changed('rescaler', /\bsum\b/g, 'sum_1'));
  expect(status).toBe('fail');
  expect(findings.toSorted()).toEqual([
    'rescaler.v differs after other configurations',
    'rescaler.v differs in another process',
  ]);
});
