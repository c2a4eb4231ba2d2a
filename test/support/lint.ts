/** Verilator's lint over emitted files, one top after the other. */
import { DEFAULT_OPTIONS, type GenerateOptions } from '../../hdl-gen/generate.ts';
import { runTool, withDirectory, writeSources } from '../../sim/simulators/processes.ts';
import { generated } from './generated.ts';

/**
 * - generated: the files made for these sizes, at their defaults
 * - overridden: the files made for the default sizes, with these as parameters
 */
export type LintMode = 'generated' | 'overridden';

/** What Verilator says, one text for each top that it finds fault with. */
export async function lint(
  options: GenerateOptions,
  mode: LintMode,
  change: (verilog: string) => string = (verilog) => verilog,
): Promise<readonly string[]> {
  const { macs, k, units } = mode === 'generated' ? options : DEFAULT_OPTIONS;
  const { blocks, files } = generated({ ...options, macs, k, units });
  const values: Readonly<Record<string, number>> = { MACS: options.macs, K: options.k, UNITS: options.units };
  return withDirectory(async (directory) => {
    await writeSources(
      directory,
      files.map(({ name, text }) => ({ name, text: change(text) })),
    );
    const complaints: string[] = [];
    for (const { manifest } of blocks) {
      const overrides =
        mode === 'overridden' ? manifest.parameters.map(({ name }) => `-G${name}=${values[name]}`) : [];
      const needed = [...manifest.instantiates, manifest.module].map((module) => `${module}.v`);
      const args = ['--lint-only', '-Wall', ...overrides, '--top-module', manifest.module, ...needed];
      const complaint = await runTool('verilator', args, { directory, advice: 'verilator is not installed' })
        // With a warning, Verilator exits with an error.
        .catch((error: unknown) => String(error));
      if (complaint !== '') complaints.push(complaint);
    }
    return complaints;
  });
}
