/**
 * The queue of carry-save adders that the fast circuits share: each takes the three rows at the head and
 * puts two at the end. That an adder keeps the sum is decided by SAT; that all of them together do follows
 * from each row being taken once, which is checked here.
 */
import { type Claim, freeInputs, instance } from './claims.ts';
import { type Netlist, NetlistError } from './netlist.ts';

export interface Queue {
  /** Rows that are given, at least 2; the adders make the others. */
  readonly given: number;
  /** Of all rows. */
  readonly count: number;
  /** The two that no adder takes. */
  readonly last: readonly [carries: number, sums: number];
}

export function queueOf(given: number): Queue {
  const count = 3 * given - 4;
  return { given, count, last: [count - 2, count - 1] };
}

/** The wires of the first rows: row i under the port `row<i>`. */
export function rowWires(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`row${i}`, `row[${i}].value`]));
}

interface Adder {
  readonly takes: readonly number[];
  readonly makes: readonly number[];
}

/** Adders a claim; more of them make Yosys start less often, fewer make the queries smaller. */
const ADDERS_A_CLAIM = 8;

/**
 * - modulo: every adder makes two rows of the sum of its three, modulo 2^size
 * - exact: and no carry is lost, if the sum of the three is less than 2^size
 *
 * @param circuit cut at the {@link rowWires} of all rows
 * @param size width of a row
 */
export function adderClaims(
  circuit: Netlist,
  queue: Queue,
  size: number,
  meaning: 'modulo' | 'exact',
): readonly Claim[] {
  const { given, count } = queue;
  const adders = Array.from(
    { length: given - 2 },
    (_, i): Adder => ({
      takes: [3 * i, 3 * i + 1, 3 * i + 2],
      makes: [given + 2 * i, given + 2 * i + 1],
    }),
  );
  const taken = adders.flatMap(({ takes }) => takes);
  if (taken.length !== count - 2 || new Set(taken).size !== taken.length) {
    throw new NetlistError('some row is not taken by exactly one adder');
  }
  const wide = meaning === 'exact' ? size + 2 : size;
  const sum = (rows: readonly number[], port: string): string =>
    rows.map((row) => `circuit_row${row}_${port}`).join(' + ');
  const setting = (first: number, some: readonly Adder[]): string =>
    [
      instance(circuit, 'circuit', 'circuit_'),
      ...some.map(
        ({ takes, makes }, i) =>
          `wire [${wide - 1}:0] taken${first + i} = ${sum(takes, 'read')}; ` +
          `wire [${wide - 1}:0] made${first + i} = ${sum(makes, 'made')};`,
      ),
    ].join('\n');
  return chunks(adders, ADDERS_A_CLAIM).map((some, chunk) => {
    const first = chunk * ADDERS_A_CLAIM;
    const numbers = some.map((_, i) => first + i);
    const equal = (i: number): string => `made${i} == taken${i}`;
    const lossless = (i: number): string => `(taken${i} >> ${size} != 0 || ${equal(i)})`;
    return {
      name: `adders ${first} to ${first + some.length - 1} keep the sum`,
      circuits: { circuit },
      inputs: freeInputs(circuit),
      setting: setting(first, some),
      holds: numbers.map(meaning === 'exact' ? lossless : equal).join(' && '),
    };
  });
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
