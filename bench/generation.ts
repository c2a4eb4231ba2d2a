/** How long `gen` takes: the library in a warm process, and the command with everything around it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_OPTIONS, generate } from '../hdl-gen/generate.ts';
import { alternate } from './measure.ts';
import { milliseconds, type Section } from './report.ts';

const REPEATS = 15;

export async function generation(): Promise<Section> {
  const run = promisify(execFile);
  const program = join(import.meta.dirname, '../cli/npu-rescaler.ts');
  const folder = await mkdtemp(join(tmpdir(), 'npu-rescaler-bench-'));
  try {
    const times = await alternate(REPEATS, {
      library: () => generate(DEFAULT_OPTIONS),
      command: () => run(process.execPath, [program, 'gen', '--out', folder]),
      node: () => run(process.execPath, ['-e', '0']),
    });
    return {
      title: 'Generation: the default configuration',
      lines: [
        milliseconds('generate(), not for the first time', times.library),
        milliseconds('npm run gen, without npm', times.command),
        milliseconds('node that does nothing', times.node),
      ],
      notes: [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
