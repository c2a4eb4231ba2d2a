/** cxxrtl in WebAssembly beside native Verilator: the same Verilog, the same vectors, the same checks. */
import { DEFAULT_OPTIONS } from '../hdl-gen/generate.ts';
import type { Bench } from '../sim/bench.ts';
import { firstMismatch } from '../sim/compare.ts';
import { Random } from '../sim/random.ts';
import { benchesOf } from '../sim/regression.ts';
import {
  type CompiledDesign,
  createSimulator,
  type Design,
  outputLayout,
  SimulatorError,
} from '../sim/simulators/index.ts';
import { alternate, statistics, type Times } from './measure.ts';
import { type Line, millions, ratio, type Section } from './report.ts';

const REPEATS = 15;
const CYCLES = 1_000_000;
const SEED = 1;

export async function simulation(): Promise<Section> {
  const { macs, k, arch } = DEFAULT_OPTIONS;
  const bench = unitBench();
  const stimulus = bench.random(new Random(SEED), CYCLES);
  const cxxrtl = await createSimulator('cxxrtl').compile(bench.design);
  const verilator = await ifInstalled(() => createSimulator('verilator').compile(bench.design));
  const idle = verilator && (await createSimulator('verilator').compile(withoutLogic(bench.design)));

  const simulate = (simulator: CompiledDesign) => simulator.run(stimulus);
  const check = async (simulator: CompiledDesign) => {
    const response = await simulate(simulator);
    const mismatch = firstMismatch(bench.expect(stimulus), response, outputLayout(bench.design).words);
    if (mismatch !== undefined) throw new Error(`row ${mismatch} differs: run npm run cosim`);
  };
  const own = {
    cxxrtl: () => simulate(cxxrtl),
    cxxrtlChecked: () => check(cxxrtl),
    golden: () => bench.expect(stimulus),
  };
  const peers = verilator &&
    idle && {
      verilator: () => simulate(verilator),
      verilatorChecked: () => check(verilator),
      idle: () => simulate(idle),
    };
  try {
    const candidates: Readonly<Record<string, () => unknown>> = { ...own, ...peers };
    const times: Readonly<Partial<Record<string, Times>>> = await alternate(REPEATS, candidates);
    return {
      title: `Simulation: dot_product_unit, ${macs} MACs, k ${k}, ${arch}; ${CYCLES} cycles, seed ${SEED}`,
      lines: lines(times),
      notes: peers ? [] : ['verilator is not on the PATH: nothing to compare with'],
    };
  } finally {
    await verilator?.dispose();
    await idle?.dispose();
  }
}

function lines(times: Readonly<Partial<Record<string, Times>>>): readonly Line[] {
  const { cxxrtl = [], cxxrtlChecked = [], golden = [] } = times;
  const { verilator, verilatorChecked, idle } = times;
  const speed = (name: string, seconds: Times) => millions(name, CYCLES, 'cycles', seconds);
  const own = [
    speed('cxxrtl', cxxrtl),
    speed('cxxrtl, golden and comparison', cxxrtlChecked),
    speed('golden alone', golden),
  ];
  if (!verilator || !verilatorChecked || !idle) return own;
  // A module without logic costs what is not simulation: the process, and the vectors going through files.
  const median = (seconds: Times): Times => [statistics(seconds).median];
  const [total = 0, overhead = 0] = [...median(verilator), ...median(idle)];
  const inside = [total - overhead];
  return [
    ...own,
    speed('verilator', verilator),
    speed('verilator, golden and comparison', verilatorChecked),
    speed('verilator without process and files', inside),
    ratio('cxxrtl / verilator, both with golden and comparison', cxxrtlChecked, verilatorChecked),
    ratio('cxxrtl with golden and comparison / verilator', cxxrtlChecked, verilator),
    ratio('... / verilator without process and files', median(cxxrtlChecked), inside),
    ratio('cxxrtl / verilator without process and files', median(cxxrtl), inside),
  ];
}

function unitBench(): Bench {
  const bench = benchesOf(DEFAULT_OPTIONS).find(({ design }) => design.top === 'dot_product_unit');
  if (!bench) throw new Error('there is no bench of dot_product_unit');
  return bench;
}

/** The same ports with nothing between them. */
function withoutLogic(design: Design): Design {
  const range = (width: number) => `[${width - 1}:0]`;
  const ports = design.ports.map(({ direction, width, name }) => `${direction} ${range(width)} ${name}`);
  const outputs = design.ports.filter(({ direction }) => direction === 'output');
  const text = `module ${design.top} (${ports.join(', ')});
${outputs.map(({ name }) => `assign ${name} = 0;`).join('\n')}
endmodule
`;
  return { ...design, files: [{ name: 'without_logic.v', text }] };
}

async function ifInstalled<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    await createSimulator('verilator').requireInstalled();
  } catch (error) {
    if (error instanceof SimulatorError) return undefined;
    throw error;
  }
  return work();
}
