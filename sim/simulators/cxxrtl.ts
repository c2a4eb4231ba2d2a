/**
 * Simulation by CXXRTL: Yosys translates the Verilog to C++, Clang compiles that to WebAssembly, and Node.js
 * runs it. All of it comes from npm.
 */
import { cached, contentKey, defaultCacheDirectory } from '../../tools/cache.ts';
import { packageVersion, type Tree, textOf, treeOf } from '../../tools/yowasp.ts';
import {
  batchHarness,
  blockRows,
  type Hierarchy,
  mangle,
  type Schedule,
  schedules,
  traceHarness,
} from './cxxrtl-harness.ts';
import { leanRuntime, needsWholeRuntime } from './cxxrtl-runtime.ts';
import { withAssignablePlaces } from './cxxrtl-words.ts';
import {
  checkClocks,
  checkPorts,
  exposedHierarchy,
  hasState,
  isSynchronousTo,
  type Netlist,
  parseNetlist,
} from './netlist.ts';
import { countRows, inputLayout, outputLayout, type RowLayout } from './rows.ts';
import {
  type CompiledDesign,
  checkDesign,
  type Design,
  type Simulator,
  SimulatorError,
  type SimulatorOptions,
} from './simulator.ts';
import { formatVcd, type Signal } from './vcd.ts';
import { compileWasm, instantiate, type WasmExports, type WasmModule } from './wasm.ts';
import { clang, cxxrtlHeaders, translate } from './yowasp.ts';

/** Translates what precedes it in a script, flattened, and tells what there is to know about it. */
const TRANSLATE = 'write_json design.json; write_cxxrtl -O6 -g0 design.h';

const FLAGS = ['-O2', '-std=c++20', '-fno-exceptions', '-fno-rtti', '-DNDEBUG', '-mbulk-memory', '-I', '.'];
const LEAN_FLAGS = [...FLAGS, '-nostdlib', '-nostdinc', '-nostdinc++', '-Wl,--no-entry'];
const WHOLE_FLAGS = [...FLAGS, '-mexec-model=reactor'];

export function createCxxrtl(options: SimulatorOptions = {}): Simulator {
  return {
    name: 'cxxrtl',
    // Its tools are dependencies of the package.
    requireInstalled: async () => undefined,
    async compile(design) {
      checkDesign(design);
      const { module, fingerprint } = await compileBatch(design, options);
      let tracer: Promise<Compiled> | undefined;
      return {
        fingerprint,
        run: async (stimulus) => ({ outputs: runRows(design, module, stimulus) }),
        async waveform(stimulus) {
          tracer ??= compileTracer(design, options);
          return traceRows(design, (await tracer).module, stimulus);
        },
        dispose: async () => undefined,
      } satisfies CompiledDesign;
    },
  };
}

interface Compiled {
  readonly module: WasmModule;
  readonly fingerprint: string;
}

function compileBatch(design: Design, options: SimulatorOptions): Promise<Compiled> {
  const script = `${readSources(design)}; ${TRANSLATE}`;
  const candidates = schedules.map((schedule) => batchHarness(design, schedule));
  return build(design, script, candidates, options, (netlist, generated) => {
    checkPorts(design, netlist);
    checkClocks(design, netlist);
    return batchHarness(design, chooseSchedule(design, netlist, generated));
  });
}

/** A simulator with every signal of the hierarchy as another output. Nothing is optimized away before. */
function compileTracer(design: Design, options: SimulatorOptions): Promise<Compiled> {
  const script = `${readSources(design)}; expose; ${TRANSLATE}`;
  const candidates = [traceHarness(design, { ports: design.ports, clocks: [] })];
  return build(design, script, candidates, options, (netlist) =>
    traceHarness(design, exposedHierarchy(design, netlist)),
  );
}

function readSources({ top, files }: Design): string {
  const names = files.map(({ name }) => name).join(' ');
  return `read_verilog ${names}; hierarchy -check -top ${top}; proc -noopt; flatten`;
}

function chooseSchedule({ clock }: Design, netlist: Netlist, generated: string): Schedule {
  // The translation says so where a combinational loop takes several evaluations.
  if (generated.includes('converged = false')) return 'settled';
  if (!hasState(netlist)) return 'combinational';
  const once =
    clock !== undefined &&
    isSynchronousTo(clock, netlist) &&
    // Absent if the translation found that no register is ever read.
    generated.includes(`value<1> prev_${mangle(clock)};`);
  return once ? 'once' : 'settled';
}

/**
 * Translates and compiles, or takes the result from the cache. `candidates` are what the harness depends on
 * before the translation is known; `harness` makes it once it is.
 */
async function build(
  design: Design,
  script: string,
  candidates: readonly string[],
  { cacheDirectory = defaultCacheDirectory(), onStage }: SimulatorOptions,
  harness: (netlist: Netlist, generated: string) => string,
): Promise<Compiled> {
  const headers = await cxxrtlHeaders();
  const lean = leanRuntime(headerText(headers));
  const versions = [packageVersion('@yowasp/yosys'), packageVersion('@yowasp/clang')];
  const fingerprint = contentKey([
    ...[JSON.stringify(design), script, ...candidates],
    ...[...versions, lean, ...LEAN_FLAGS, ...WHOLE_FLAGS],
  ]);
  const wasm = await cached(cacheDirectory, fingerprint, async () => {
    const translated = await timed('yosys', onStage, translate(script, treeOf(design.files)));
    const generated = textOf(translated, 'design.h');
    const netlist = parseNetlist(textOf(translated, 'design.json'), design.top);
    const [flags, designHeader, cxxrtl] = needsWholeRuntime(generated)
      ? [WHOLE_FLAGS, generated, headers]
      : [LEAN_FLAGS, withAssignablePlaces(generated), { 'cxxrtl.h': lean }];
    const sources = { 'harness.cc': harness(netlist, generated), 'design.h': designHeader, cxxrtl };
    return timed('clang', onStage, clang(['harness.cc', ...flags], sources));
  });
  return { module: await compileWasm(wasm), fingerprint };
}

function headerText(headers: Tree): string {
  const text = headers['cxxrtl.h'];
  if (typeof text === 'string') return text;
  throw new SimulatorError('this Yosys does not carry cxxrtl.h');
}

async function timed<T>(stage: string, onStage: SimulatorOptions['onStage'], work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  onStage?.(stage, performance.now() - start);
  return result;
}

interface BatchExports extends WasmExports {
  inputs(): number;
  outputs(): number;
  /** Returns how many rows came to rest. */
  run(rows: number): number;
}

function runRows(design: Design, module: WasmModule, stimulus: Uint32Array): Uint32Array {
  const inputs = inputLayout(design);
  const outputs = outputLayout(design);
  const count = countRows(inputs, stimulus);
  const response = new Uint32Array(count * outputs.words);
  const simulator = instantiate<BatchExports>(module);
  const block = blockRows(design);
  for (let row = 0; row < count; row += block) {
    const rows = Math.min(block, count - row);
    view(simulator, simulator.inputs(), rows * inputs.words).set(slice(inputs, stimulus, row, rows));
    const settled = simulator.run(rows);
    if (settled < rows) {
      throw new SimulatorError(
        `${design.top}: a combinational loop does not come to rest in row ${row + settled}`,
      );
    }
    slice(outputs, response, row, rows).set(view(simulator, simulator.outputs(), rows * outputs.words));
  }
  return response;
}

function slice({ words }: RowLayout, table: Uint32Array, row: number, rows: number): Uint32Array {
  return table.subarray(row * words, (row + rows) * words);
}

/** Not to be kept: the simulator's memory is another buffer when it has grown. */
function view({ memory }: WasmExports, address: number, words: number): Uint32Array {
  return new Uint32Array(memory.buffer, address, words);
}

function traceRows(design: Design, module: WasmModule, stimulus: Uint32Array): string {
  const { ports, clocks } = readHierarchy(module);
  const traced = { ...design, ports };
  const signalsOf = (layout: RowLayout, rows: Uint32Array): Signal[] =>
    layout.fields.map((field) => ({ path: field.port.name, field, layout, rows }));
  const inputs = inputLayout(design);
  const rowCount = countRows(inputs, stimulus);
  const response = runRows(traced, module, stimulus);
  const signals = [...signalsOf(inputs, stimulus), ...signalsOf(outputLayout(traced), response)];
  return formatVcd({ top: design.top, clocks, signals, rowCount });
}

interface TraceExports extends BatchExports {
  hierarchy(): number;
}

/** The text that a tracer carries about itself, ended by a zero. */
function readHierarchy(module: WasmModule): Hierarchy {
  const { memory, hierarchy } = instantiate<TraceExports>(module);
  const bytes = Buffer.from(memory.buffer, hierarchy());
  return JSON.parse(bytes.toString('latin1', 0, bytes.indexOf(0)));
}
