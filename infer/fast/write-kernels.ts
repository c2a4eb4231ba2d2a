/** `node infer/fast/write-kernels.ts FOLDER`: the part of `npm run build` that compiles the kernels. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileKernelSources } from '../../tools/assemblyscript.ts';
import { buildNames, sourcesOf } from './builds.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('write-kernels.ts needs the folder to write into');
for (const build of buildNames) {
  await writeFile(join(folder, `kernels-${build}.wasm`), await compileKernelSources(await sourcesOf(build)));
}
