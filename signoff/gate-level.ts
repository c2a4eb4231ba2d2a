/**
 * The vectors of the regression on what synthesis makes of the blocks: the netlist, as Verilog with a model for
 * each cell, is read back, taken apart into single gates, and simulated against golden.
 */
import { NetlistError, parseNetlist } from '../formal/netlist.ts';
import type { Design } from '../hdl-gen/design.ts';
import { firstMismatches, laneCircuit } from '../mutation/lanes.ts';
import type { Bench } from '../sim/bench.ts';
import { type Effort, stimuliOf, vectorsKey } from '../sim/regression.ts';
import { type GateNetlist, genericNetlist, mappedNetlist } from '../synth/gate-netlist.ts';
import { LibertyError } from '../synth/liberty.ts';
import type { LoadedLibrary } from '../synth/libraries.ts';
import { cached, contentKey } from '../tools/cache.ts';
import { packageVersion, ToolError, textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

/** How a netlist is made. */
export interface GateLevelFlow {
  readonly check: string;
  readonly method: string;
  /** All that the netlist depends on, besides the design and Yosys. */
  readonly key: readonly string[];
  readonly synthesize: (design: Design) => Promise<GateNetlist>;
}

export const GENERIC_FLOW: GateLevelFlow = {
  check: 'gate level, generic cells',
  method: 'Yosys synth with ABC',
  key: ['generic'],
  synthesize: genericNetlist,
};

export function libertyFlow(library: LoadedLibrary): GateLevelFlow {
  return {
    check: 'gate level, Liberty cells',
    method: `mapped to ${library.facts.name} with ABC, models from its functions and ff groups`,
    key: ['liberty', library.sha256, library.cells, library.timing, library.constraints],
    synthesize: (design) => mappedNetlist(design, library),
  };
}

/** What became of one block. */
export interface GateLevelResult {
  readonly block: string;
  readonly vectors: number;
  readonly cellCounts: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The first vector with a wrong output, counted from the first directed one that is compared. */
  readonly wrongVector?: number;
}

/** To be raised when {@link simulate} comes to something else. */
const FORMAT = 2;

/** @param benches of the blocks to synthesize */
export async function checkGateLevel(
  flow: GateLevelFlow,
  benches: readonly Bench[],
  effort: Effort,
  cacheDirectory: string | false,
): Promise<CheckResult> {
  const { check, method } = flow;
  const findings: string[] = [];
  const results: GateLevelResult[] = [];
  let unfinished = false;
  for (const bench of benches) {
    try {
      const result = await simulateCached(flow, bench, effort, cacheDirectory);
      results.push(result);
      if (result.wrongVector !== undefined) {
        findings.push(`${result.block}: the netlist differs from golden in vector ${result.wrongVector}`);
      }
    } catch (error) {
      if (!(error instanceof ToolError || error instanceof NetlistError || error instanceof LibertyError)) {
        throw error;
      }
      unfinished = true;
      findings.push(`${bench.design.top}: ${error.message}`);
    }
  }
  const total = (count: (result: GateLevelResult) => number): string =>
    results.reduce((sum, result) => sum + count(result), 0).toLocaleString('en-US');
  const cells = total(({ cellCounts }) => Object.values(cellCounts).reduce((sum, count) => sum + count, 0));
  const differs = results.some(({ wrongVector }) => wrongVector !== undefined);
  return {
    check,
    method: `${method}: ${cells} cells of ${results.map(({ block }) => block).join(', ')}, ${total(({ vectors }) => vectors)} vectors against the golden model`,
    status: differs ? 'fail' : unfinished ? 'open' : 'pass',
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    findings,
    evidenceFile: evidenceFileOf(check),
    evidence: { blocks: results },
  };
}

async function simulateCached(
  flow: GateLevelFlow,
  bench: Bench,
  effort: Effort,
  cacheDirectory: string | false,
): Promise<GateLevelResult> {
  const key = contentKey([
    ...['gate level', `${FORMAT}`, packageVersion('@yowasp/yosys'), ...flow.key],
    ...[JSON.stringify(bench.design), vectorsKey(bench, effort)],
  ]);
  const content = await cached(cacheDirectory, key, async () =>
    Buffer.from(JSON.stringify(await simulate(flow, bench, effort))),
  );
  return JSON.parse(Buffer.from(content).toString()) as GateLevelResult;
}

async function simulate(flow: GateLevelFlow, bench: Bench, effort: Effort): Promise<GateLevelResult> {
  const started = performance.now();
  const { design } = bench;
  const synthesized = await flow.synthesize(design);
  const circuit = laneCircuit(await singleGates(design.top, synthesized), design);
  let vectors = 0;
  let wrongVector: number | undefined;
  for (const stimulus of stimuliOf(bench, effort)) {
    const expectation = bench.expect(stimulus);
    const [wrong] = firstMismatches(circuit, stimulus, expectation, []);
    if (wrong !== undefined) wrongVector ??= vectors + wrong - expectation.firstChecked;
    vectors += stimulus.length / circuit.inputWords - expectation.firstChecked;
  }
  return {
    block: design.top,
    vectors,
    cellCounts: synthesized.cellCounts,
    seconds: (performance.now() - started) / 1000,
    ...(wrongVector === undefined ? {} : { wrongVector }),
  };
}

/** Nothing is optimized, but for resets of flip-flops that the netlist has tied off. */
async function singleGates(top: string, { netlist, models }: GateNetlist) {
  const { files } = await yosys(
    [
      `read_verilog netlist.v models.v; hierarchy -check -top ${top}; proc -noopt; flatten -noscopeinfo`,
      'opt_expr; opt_dff -nodffe -nosdff; dffunmap; simplemap; opt_clean; write_json gates.json',
    ].join('; '),
    treeOf([
      { name: 'netlist.v', text: netlist },
      { name: 'models.v', text: models },
    ]),
    { quiet: true },
  );
  return parseNetlist(textOf(files, 'gates.json'), top);
}
