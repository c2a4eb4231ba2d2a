/**
 * From a failing stimulus of thousands of rows to the smallest that still fails: fewer rows first, then
 * fewer and smaller values, and again while that helps.
 */
import type { Bench, Element, Stimulus } from './bench.ts';
import { firstMismatch } from './compare.ts';
import { type CompiledDesign, inputLayout, outputLayout } from './simulators/index.ts';
import { elementOf } from './values.ts';
import { readBits, readSigned, writeBits } from './words.ts';

/** Short simulations that shrinking may cost: milliseconds each in WebAssembly, a process each elsewhere. */
const BUDGET = 4000;

/** A stimulus of so many words costs as much again as starting a simulation. */
const WORDS_OF_A_SIMULATION = 2 ** 16;

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
  const { words } = inputLayout(bench.design);
  const outputWords = outputLayout(bench.design).words;
  let budget = BUDGET;
  /** The candidate up to its failing row, or undefined when it does not fail. */
  const failing = async (candidate: Stimulus): Promise<Stimulus | undefined> => {
    if (budget <= 0 || candidate.length === 0 || !bench.isLegal(candidate)) return undefined;
    budget -= 1 + Math.floor(candidate.length / WORDS_OF_A_SIMULATION);
    const at = firstMismatch(bench.expect(candidate), await compiled.run(candidate), outputWords);
    return at === undefined ? undefined : candidate.slice(0, (at + 1) * words);
  };

  let smallest = await shortestWindow(stimulus, row, words, bench.design.clock !== undefined, failing);
  for (;;) {
    const before = smallest;
    smallest = await fewerRows(smallest, words, failing);
    smallest = await smallerValues(smallest, bench, failing);
    if (smallest === before || budget <= 0) return smallest;
  }
}

type Failing = (candidate: Stimulus) => Promise<Stimulus | undefined>;

/** The rows just before the failure, with the first row, which resets, in front of them. */
async function shortestWindow(
  stimulus: Stimulus,
  row: number,
  words: number,
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
async function fewerRows(stimulus: Stimulus, words: number, failing: Failing): Promise<Stimulus> {
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

/** Zeros for whole rows, ports, halves of flattened ports; smaller numbers where zero does not fail. */
async function smallerValues(stimulus: Stimulus, bench: Bench, failing: Failing): Promise<Stimulus> {
  const layout = inputLayout(bench.design);
  let current = stimulus;
  /** Takes the change over if it still fails. */
  const attempt = async (change: (candidate: Stimulus) => void): Promise<boolean> => {
    const candidate = current.slice();
    change(candidate);
    const found = await failing(candidate);
    if (found) current = found;
    return found !== undefined;
  };

  const reduceElements = async (at: number, element: Element, count: number): Promise<void> => {
    const positions = Array.from({ length: count }, (_, i) => at + i * element.width);
    const used = positions.filter((position) => readBits(current, position, element.width) !== 0);
    if (used.length === 0) return;
    const cleared = await attempt((candidate) => {
      for (const position of used) writeBits(candidate, position, element.width, 0);
    });
    if (cleared) return;
    if (count === 1) return reduceNumber(at, element);
    const half = count >> 1;
    await reduceElements(at, element, half);
    await reduceElements(at + half * element.width, element, count - half);
  };

  /** Towards zero by powers of two, the greatest first. */
  const reduceNumber = async (at: number, { width, signed }: Element): Promise<void> => {
    const read = () => (signed ? readSigned : readBits)(current, at, width);
    const negated = -read();
    if (negated > 0 && negated < 2 ** (width - 1)) {
      await attempt((candidate) => writeBits(candidate, at, width, negated));
    }
    for (let bit = width - 1; bit >= 0; bit -= 1) {
      // Zero where a smaller candidate has failed in an earlier row and ended the stimulus there.
      const value = read();
      if (Math.abs(value) <= 2 ** bit) continue;
      await attempt((candidate) => writeBits(candidate, at, width, value - Math.sign(value) * 2 ** bit));
    }
  };

  for (let row = 0; row < current.length / layout.words; row += 1) {
    const [start, end] = [row * layout.words, (row + 1) * layout.words];
    if (current.subarray(start, end).every((word) => word === 0)) continue;
    if (await attempt((candidate) => candidate.fill(0, start, end))) continue;
    for (const { port, offset } of layout.fields) {
      const element = elementOf(bench, port);
      await reduceElements((start + offset) * 32, element, port.width / element.width);
    }
  }
  return current;
}

function joined(a: Stimulus, b: Stimulus): Stimulus {
  const both = new Uint32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
