/** Scripts of the repository that are no commands of the package: they fail as those do. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// They import TypeScript files.
test.skipIf(!process.features.typescript).each([
  ['campaigns/lint.ts', "lint:verilog: unknown option '--bogus'\n"],
  ['../bench/bench.ts', "bench: Unknown option '--bogus'; npm run bench -- --help lists what there is\n"],
])('%s --bogus ends with one line that names it, and exit code 2', (script, line) => {
  const path = join(import.meta.dirname, script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, '--bogus'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: line });
});
