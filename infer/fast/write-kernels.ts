/** `node infer/fast/write-kernels.ts FILE`: the part of `npm run build` that compiles the kernels. */
import { writeFile } from 'node:fs/promises';
import { compileKernelSources, readKernelSources } from './compile-kernels.ts';

const [, , file] = process.argv;
if (file === undefined) throw new Error('write-kernels.ts needs the name of the file to write');
await writeFile(file, await compileKernelSources(await readKernelSources()));
