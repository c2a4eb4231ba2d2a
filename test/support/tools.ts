/** Native tools, which a test uses where they are installed. */
import { spawnSync } from 'node:child_process';
import { type TestOptions, test } from 'vitest';

export type NativeTool = 'verilator' | 'iverilog';

const VERSION_FLAGS = { verilator: '--version', iverilog: '-V' } as const satisfies Record<
  NativeTool,
  string
>;

export function isInstalled(tool: NativeTool): boolean {
  return spawnSync(tool, [VERSION_FLAGS[tool]], { stdio: 'ignore' }).error === undefined;
}

/** A test that says in its title that it was skipped, and why, where the tool is absent. */
export function testWith(
  tool: NativeTool,
  title: string,
  run: () => Promise<void> | void,
  options: TestOptions = {},
): void {
  if (isInstalled(tool)) test(title, options, run);
  else test.skip(`skipped: ${tool} is not installed: ${title}`, options, run);
}
