/** Verilator's lint, without a waiver, where Verilator is installed. */
import { filesOf } from '../formal/elaborate.ts';
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import { createSimulator, SimulatorError } from '../sim/simulators/index.ts';
import { runTool, withDirectory, writeSources } from '../sim/simulators/processes.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

export async function checkLint(blocks: readonly GeneratedBlock[]): Promise<CheckResult> {
  const started = performance.now();
  const about = {
    check: 'lint',
    method: 'verilator --lint-only -Wall, no waiver',
    evidenceFile: evidenceFileOf('lint'),
  };
  try {
    await createSimulator('verilator').requireInstalled();
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error;
    return { ...about, status: 'skipped', seconds: 0, findings: [error.message], evidence: {} };
  }
  const findings: string[] = [];
  await withDirectory(async (directory) => {
    await writeSources(directory, filesOf(blocks));
    for (const { manifest } of blocks) {
      const files = [...manifest.instantiates, manifest.module].map((module) => `${module}.v`);
      const args = ['--lint-only', '-Wall', '--top-module', manifest.module, ...files];
      try {
        const said = await runTool('verilator', args, { directory, advice: 'verilator has gone' });
        if (said !== '') findings.push(`${manifest.module}: ${said}`);
      } catch (error) {
        // With a warning, Verilator exits with an error.
        if (!(error instanceof SimulatorError)) throw error;
        findings.push(`${manifest.module}: ${error.message}`);
      }
    }
  });
  return {
    ...about,
    status: findings.length === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings,
    evidence: { blocks: blocks.map(({ manifest }) => manifest.module), findings },
  };
}
