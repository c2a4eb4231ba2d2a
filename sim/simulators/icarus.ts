/**
 * Simulation by a native Icarus Verilog: slow, but an implementation of its own with four states, so it shows
 * what depends on registers that nobody has reset.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKey } from '../../tools/cache.ts';
import {
  createDirectory,
  removeDirectory,
  requireTool,
  runTool,
  withDirectory,
  writeSources,
} from './processes.ts';
import { countRows, type Field, inputLayout, outputLayout, type RowLayout } from './rows.ts';
import {
  type CompiledDesign,
  checkDesign,
  type Design,
  type Response,
  type Simulator,
  SimulatorError,
  type SimulatorOptions,
} from './simulator.ts';
import { declarations, HARNESS, inputName, instance, outputName } from './verilog-harness.ts';

const ADVICE =
  'iverilog is not on the PATH: install Icarus Verilog (Debian and Ubuntu: apt install iverilog, ' +
  "macOS: brew install icarus-verilog), or use the simulator 'cxxrtl', which comes with this package";

const PROGRAM = 'simulator.vvp';

/** Its compilation takes less than a tenth of a second, so nothing is cached. */
export function createIcarus({ onStage }: SimulatorOptions = {}): Simulator {
  return {
    name: 'icarus',
    requireInstalled: () => requireTool('iverilog', ['-V'], ADVICE),
    async compile(design) {
      checkDesign(design);
      const start = performance.now();
      const { home, fingerprint } = await buildProgram(design);
      onStage?.('iverilog', performance.now() - start);
      return {
        fingerprint,
        run: (stimulus) =>
          withDirectory(async (directory) => {
            await runProgram(design, home, directory, stimulus, []);
            const text = await readFile(join(directory, 'response'), 'latin1');
            return parseResponse(text, outputLayout(design), countRows(inputLayout(design), stimulus));
          }),
        waveform: (stimulus) =>
          withDirectory(async (directory) => {
            await runProgram(design, home, directory, stimulus, ['+waveform']);
            return readFile(join(directory, 'waveform.vcd'), 'utf8');
          }),
        dispose: () => removeDirectory(home),
      } satisfies CompiledDesign;
    },
  };
}

/** `home` is a temporary directory with the program in it. */
async function buildProgram(design: Design): Promise<{ home: string; fingerprint: string }> {
  const sources = [...design.files, { name: `${HARNESS}.v`, text: verilogHarness(design) }];
  const directory = await createDirectory();
  try {
    await writeSources(directory, sources);
    const args = ['-g2005', '-s', HARNESS, '-o', PROGRAM, ...sources.map(({ name }) => name)];
    await runTool('iverilog', args, { directory, advice: ADVICE });
    const version = await runTool('iverilog', ['-V'], { directory, advice: ADVICE });
    return { home: directory, fingerprint: contentKey([version, JSON.stringify(sources), ...args]) };
  } catch (error) {
    await removeDirectory(directory);
    throw error;
  }
}

async function runProgram(
  design: Design,
  home: string,
  directory: string,
  stimulus: Uint32Array,
  options: readonly string[],
): Promise<void> {
  await writeFile(join(directory, 'stimulus'), formatStimulus(stimulus, inputLayout(design)));
  await runTool('vvp', ['-n', join(home, PROGRAM), ...options], { directory, advice: ADVICE });
}

function verilogHarness(design: Design): string {
  const inputs = stimulusFields(inputLayout(design));
  const outputs = outputLayout(design).fields;
  const next = inputs.map((_, i) => `next_${inputName(i)}`);
  const scan = `fields = $fscanf(stimulus, "${inputs.map(() => '%h').join(' ')}", ${next.join(', ')});`;
  const drive = inputs.map((_, i) => `${inputName(i)} <= ${next[i]};`).join('\n      ');
  return `\`timescale 1ns / 1ns
module ${HARNESS};
  reg clock = 0;
  ${declarations('reg', inputs, inputName).join(';\n  ')};
  ${declarations('reg', inputs, (i) => `next_${inputName(i)}`).join(';\n  ')};
  ${declarations('wire', outputs, outputName).join(';\n  ')};
  integer stimulus, response, fields;

  ${instance(design)}

  initial begin
    stimulus = $fopen("stimulus", "r");
    response = $fopen("response", "w");
    if ($test$plusargs("waveform")) begin
      $dumpfile("waveform.vcd");
      $dumpvars(0, ${design.top});
    end
    ${scan}
    while (fields == ${inputs.length}) begin
      // Inputs change together with the registers, just after the edge: the logic settles once, not twice.
      ${drive}
      #5 clock = 0;
      #5 $fdisplay(response, "${outputs.map(() => '%b').join(' ')}", ${outputs.map((_, i) => outputName(i)).join(', ')});
      clock = 1;
      ${scan}
    end
    $finish(0);
  end
endmodule
`;
}

/** The fields of an input row; a row without any still has its one unused word, which keeps count of rows. */
function stimulusFields({ fields }: RowLayout): readonly Field[] {
  if (fields.length > 0) return fields;
  return [{ port: { name: 'unused', direction: 'input', signed: false, width: 32 }, offset: 0, words: 1 }];
}

/** One line a row, one hexadecimal number a port. */
function formatStimulus(stimulus: Uint32Array, layout: RowLayout): string {
  const fields = stimulusFields(layout);
  const lines: string[] = [];
  for (let row = 0; row < countRows(layout, stimulus); row++) {
    const words = stimulus.subarray(row * layout.words, (row + 1) * layout.words);
    lines.push(fields.map((field) => formatField(words, field)).join(' '));
  }
  return `${lines.join('\n')}\n`;
}

function formatField(row: Uint32Array, { offset, words }: Field): string {
  let text = '';
  for (const word of row.subarray(offset, offset + words)) text = word.toString(16).padStart(8, '0') + text;
  return text;
}

/** @throws SimulatorError if the simulation ended early. */
function parseResponse(text: string, layout: RowLayout, count: number): Response {
  const lines = text.split('\n').slice(0, -1);
  if (lines.length !== count) {
    throw new SimulatorError(`the simulation ended after ${lines.length} of ${count} rows`);
  }
  const outputs = new Uint32Array(count * layout.words);
  const unknown = new Uint32Array(count * layout.words);
  for (const [row, line] of lines.entries()) {
    for (const [i, bits] of line.split(' ').entries()) {
      const start = row * layout.words + (layout.fields[i]?.offset ?? 0);
      parseBits(bits.replace(/[xz]/g, '0'), outputs, start);
      parseBits(bits.replace(/1/g, '0').replace(/[xz]/g, '1'), unknown, start);
    }
  }
  return { outputs, unknown };
}

/** Writes a binary number into consecutive words, the least significant first. */
function parseBits(bits: string, into: Uint32Array, start: number): void {
  for (let end = bits.length, word = start; end > 0; end -= 32, word++) {
    into[word] = Number.parseInt(bits.slice(Math.max(0, end - 32), end), 2);
  }
}
