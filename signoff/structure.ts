/** What synthesis would stumble over: latches, combinational loops, several drivers of a net, nets without one. */
import { filesOf } from '../formal/elaborate.ts';
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import { ToolError, treeOf, yosys } from '../tools/yowasp.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

const NO_LATCH = 'select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$_DLATCH_*';

/** Every block as the top, at its default parameters, before and after flattening. */
export async function checkStructure(blocks: readonly GeneratedBlock[]): Promise<CheckResult> {
  const started = performance.now();
  const findings: string[] = [];
  const tops = blocks.map(({ manifest }) => manifest.module);
  const script = (top: string): string =>
    [
      `read_verilog ${filesOf(blocks)
        .map(({ name }) => name)
        .join(' ')}; hierarchy -check -top ${top}; proc`,
      `${NO_LATCH}; check -assert; flatten; ${NO_LATCH}; check -assert`,
    ].join('; ');
  for (const top of tops) {
    try {
      await yosys(script(top), treeOf(filesOf(blocks)));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      findings.push(`${top}: ${error.message}`);
    }
  }
  const check = 'no latch, loop, second driver or undriven net';
  return {
    check,
    method: 'Yosys check, every block, hierarchical and flat',
    status: findings.length === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings,
    evidenceFile: evidenceFileOf('structure'),
    evidence: { blocks: tops, script: tops.map(script), findings },
  };
}
