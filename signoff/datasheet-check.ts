/** The datasheet goes with the report; that its timing diagrams are what golden says is a check like others. */
import { DatasheetError, datasheetOf } from '../datasheet/datasheet.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { createSimulator, SimulatorError } from '../sim/simulators/index.ts';
import { ToolError } from '../tools/yowasp.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

export async function checkDatasheet(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<CheckResult> {
  const started = performance.now();
  const check = 'timing diagrams of the datasheet';
  const about = {
    check,
    method: 'simulated by cxxrtl, every cycle against the golden model',
    evidenceFile: evidenceFileOf(check),
  };
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const { diagrams, files } = await datasheetOf(options, blocks, createSimulator('cxxrtl'));
    return {
      ...about,
      status: 'pass',
      seconds: seconds(),
      findings: [],
      evidence: diagrams,
      attachments: files,
    };
  } catch (error) {
    const refuted = error instanceof DatasheetError;
    if (!(refuted || error instanceof SimulatorError || error instanceof ToolError)) throw error;
    const status = refuted ? 'fail' : 'open';
    return { ...about, status, seconds: seconds(), findings: [error.message], evidence: {} };
  }
}
