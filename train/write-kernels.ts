/** `node train/write-kernels.ts FOLDER`: the part of `npm run build` that compiles the kernels of training. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileKernelSources } from '../tools/assemblyscript.ts';
import { trainingKernelSources } from './kernels.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('write-kernels.ts needs the folder to write into');
await writeFile(join(folder, 'kernels.wasm'), await compileKernelSources(await trainingKernelSources()));
