/** Every control register has a reset; formal/registers.ts says which ones are control. */
import { classifyRegisters, type Registers } from '../formal/registers.ts';
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

/** Every block as the top, flat. */
export async function checkControlRegisters(blocks: readonly GeneratedBlock[]): Promise<CheckResult> {
  const started = performance.now();
  const found: Record<string, Registers> = {};
  for (const { manifest } of blocks) {
    found[manifest.module] = await classifyRegisters(blocks, manifest);
  }
  const findings = Object.entries(found).flatMap(([module, { control, reset }]) =>
    control
      .filter((name) => !reset.includes(name))
      .map((name) => `${module}: ${name} is control, and has no reset by rst`),
  );
  const check = 'every control register has a reset';
  return {
    check,
    method: 'what registers depend on, and what depends on them, in the flat netlist of Yosys',
    status: findings.length === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings,
    evidenceFile: evidenceFileOf(check),
    evidence: { blocks: found, findings },
  };
}
