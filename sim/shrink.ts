/**
 * From a failing stimulus of thousands of rows to the smallest that still fails: fewer rows first, then
 * fewer and smaller values.
 */
import type { Bench, Stimulus } from './bench.ts';
import { firstMismatch } from './compare.ts';
import { type CompiledDesign, inputLayout, outputLayout, type RowLayout } from './simulators/index.ts';
import { readBits, writeBits } from './words.ts';

/** Simulations that shrinking may cost: milliseconds each in WebAssembly, a process each elsewhere. */
const BUDGET = 2000;

/**
 * @param row where the stimulus fails
 * @returns a stimulus that fails in its last row
 */
export async function shrink(
  bench: Bench,
  compiled: CompiledDesign,
  stimulus: Stimulus,
  row: number,
): Promise<Stimulus> {
  const layout = inputLayout(bench.design);
  const outputWords = outputLayout(bench.design).words;
  let budget = BUDGET;
  const failingRow = async (candidate: Stimulus): Promise<number | undefined> => {
    if (budget === 0 || candidate.length === 0 || !bench.isLegal(candidate)) return undefined;
    budget -= 1;
    return firstMismatch(bench.expect(candidate), await compiled.run(candidate), outputWords);
  };
  /** The candidate up to its failing row, or undefined when it does not fail. */
  const failing = async (candidate: Stimulus): Promise<Stimulus | undefined> => {
    const at = await failingRow(candidate);
    return at === undefined ? undefined : candidate.slice(0, (at + 1) * layout.words);
  };

  let smallest = await shortestWindow(stimulus, row, layout, bench.design.clock !== undefined, failing);
  smallest = await fewerRows(smallest, layout, failing);
  return smallerValues(smallest, layout, failing);
}

type Failing = (candidate: Stimulus) => Promise<Stimulus | undefined>;

/** The rows just before the failure, with the first row, which resets, in front of them. */
async function shortestWindow(
  stimulus: Stimulus,
  row: number,
  { words }: RowLayout,
  clocked: boolean,
  failing: Failing,
): Promise<Stimulus> {
  for (let length = 1; length <= row; length *= 4) {
    const window = stimulus.slice((row + 1 - length) * words, (row + 1) * words);
    const candidate = clocked ? joined(stimulus.slice(0, words), window) : window;
    const found = await failing(candidate);
    if (found) return found;
  }
  return stimulus.slice(0, (row + 1) * words);
}

/** Delta debugging over rows: drop halves, quarters, ... single rows. */
async function fewerRows(stimulus: Stimulus, { words }: RowLayout, failing: Failing): Promise<Stimulus> {
  let current = stimulus;
  for (let chunk = Math.ceil(current.length / words / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    for (let start = 0; start < current.length / words; ) {
      const candidate = joined(current.slice(0, start * words), current.slice((start + chunk) * words));
      const found = await failing(candidate);
      if (found) current = found;
      else start += chunk;
    }
  }
  return current;
}

/** Zeros, then smaller numbers, port by port; wide ports byte by byte. */
async function smallerValues(stimulus: Stimulus, layout: RowLayout, failing: Failing): Promise<Stimulus> {
  let current = stimulus;
  for (let row = 0; row < current.length / layout.words; row += 1) {
    for (const { port, offset } of layout.fields) {
      const step = port.width <= 32 ? port.width : 8;
      for (let bit = 0; bit < port.width; bit += step) {
        const width = Math.min(step, port.width - bit);
        const position = (row * layout.words + offset) * 32 + bit;
        for (const value of simpler(readBits(current, position, width), width)) {
          const candidate = current.slice();
          writeBits(candidate, position, width, value);
          const found = await failing(candidate);
          if (!found) continue;
          current = found;
          break;
        }
        if (row >= current.length / layout.words) return current;
      }
    }
  }
  return current;
}

/** Values to try instead, the simplest first: zero, one, and the same sign with fewer bits. */
function* simpler(value: number, width: number): Generator<number> {
  if (value === 0) return;
  yield 0;
  if (value === 1) return;
  yield 1;
  const unused = 32 - width;
  const signed = (value << unused) >> unused;
  for (let bits = 31; bits > 0; bits -= 1) {
    const smaller = signed >> bits;
    if (smaller !== 0 && smaller !== -1) yield smaller;
  }
}

function joined(a: Stimulus, b: Stimulus): Stimulus {
  const both = new Uint32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
