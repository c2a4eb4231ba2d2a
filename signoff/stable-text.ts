/** The same options give the same text: in other processes and folders, and whatever was generated before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { runOnWorkers } from '../tools/worker-pool.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

/** What a process is sent. */
export interface GenerationTask {
  readonly options: GenerateOptions;
  /** Generated first, in this order. */
  readonly before: readonly GenerateOptions[];
  /** Where the process stands. */
  readonly directory: string;
}

export async function checkStableText(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<CheckResult> {
  const started = performance.now();
  const other: GenerateOptions = {
    macs: options.macs === 1 ? 2 : 1,
    k: options.k === 32 ? 31 : 32,
    units: 1,
    arch: options.arch === 'plain' ? 'fast' : 'plain',
    pipeline: options.pipeline === 0 ? 3 : 0,
    leadingOne: options.leadingOne === 'hidden' ? 'explicit' : 'hidden',
  };
  const sameShape = {
    ...other,
    arch: options.arch,
    pipeline: options.pipeline,
    leadingOne: options.leadingOne,
  };
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'npu-rescaler-')));
  const tasks = directories.map((directory, i): GenerationTask => {
    return { options, directory, before: i === 0 ? [] : [other, sameShape] };
  });
  const findings: string[] = [];
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new URL(`./stable-text-worker${extension}`, import.meta.url);
  try {
    await runOnWorkers<GenerationTask, readonly GeneratedBlock[]>(
      worker,
      tasks,
      tasks.length,
      async ({ before }, ended) => {
        const where = before.length === 0 ? 'in another process' : 'after other configurations';
        if ('died' in ended) findings.push(`${where}: ${ended.died}`);
        else findings.push(...differences(blocks, ended.result).map((name) => `${name} differs ${where}`));
      },
    );
  } finally {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  }
  const check = 'the same text in every run';
  return {
    check,
    method: 'generated in two more processes and folders, in one after other configurations',
    status: findings.length === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings,
    evidenceFile: evidenceFileOf(check),
    evidence: { files: blocks.map(({ manifest }) => manifest.file), before: [other, sameShape], findings },
  };
}

/** Files that one side has and the other has not, byte for byte. */
function differences(a: readonly GeneratedBlock[], b: readonly GeneratedBlock[]): readonly string[] {
  const textsOf = (blocks: readonly GeneratedBlock[]): ReadonlyMap<string, string> =>
    new Map(
      blocks.flatMap(({ verilog, manifest }) => [
        [manifest.file, verilog],
        [`${manifest.module}.json`, JSON.stringify(manifest)],
      ]),
    );
  const [here, there] = [textsOf(a), textsOf(b)];
  const names = new Set([...here.keys(), ...there.keys()]);
  return [...names].filter((name) => here.get(name) !== there.get(name));
}
