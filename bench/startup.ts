/** How long it takes until a simulator is ready. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { designOf } from '../hdl-gen/design.ts';
import { DEFAULT_OPTIONS, generate } from '../hdl-gen/generate.ts';
import { createSimulator, SimulatorError, type SimulatorName } from '../sim/simulators/index.ts';
import { secondsOf } from './measure.ts';
import { type Line, milliseconds, ratio, type Section } from './report.ts';

const REPEATS = 5;

export async function startup(): Promise<Section> {
  const { macs, k, arch } = DEFAULT_OPTIONS;
  const own = await compileTimes('cxxrtl');
  const peer = await compileTimes('verilator').catch((error: unknown) => {
    if (error instanceof SimulatorError) return undefined;
    throw error;
  });
  const lines: readonly Line[] = [
    milliseconds('cxxrtl, first in a process', own.first),
    milliseconds('cxxrtl, later in a process', own.later),
    milliseconds('cxxrtl, from the cache', own.cached),
    ratio('cxxrtl, from the cache / later', own.cached, own.later),
  ];
  const peerLines = peer && [
    milliseconds('verilator', [...peer.first, ...peer.later]),
    milliseconds('verilator, from the cache', peer.cached),
    ratio('cxxrtl later / verilator', own.later, peer.later),
  ];
  return {
    title: `Start: compiling dot_product_unit, ${macs} MACs, k ${k}, ${arch}`,
    lines: [...lines, ...(peerLines ?? [])],
    notes: peer ? [] : ['verilator is not on the PATH: nothing to compare with'],
  };
}

/** Compilations into an empty cache, each followed by one out of it. */
async function compileTimes(name: SimulatorName) {
  const design = designOf(generate(DEFAULT_OPTIONS), 'dot_product_unit');
  const cold: number[] = [];
  const cached: number[] = [];
  for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
    const cacheDirectory = await mkdtemp(join(tmpdir(), 'npu-rescaler-bench-'));
    try {
      const compile = async () => {
        const compiled = await createSimulator(name, { cacheDirectory }).compile(design);
        await compiled.dispose();
      };
      cold.push(await secondsOf(compile));
      cached.push(await secondsOf(compile));
    } finally {
      await rm(cacheDirectory, { recursive: true, force: true });
    }
  }
  return { first: cold.slice(0, 1), later: cold.slice(1), cached: cached.slice(1) };
}
