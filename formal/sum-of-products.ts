/**
 * With a beat, the next accumulator is `previous` plus the sum of all x[i] * w[i], modulo 2^32.
 *
 * `previous` is any word here; unit.ts proves which one it is. A product of two int8 is -16256 to 2^14, so the
 * sum D of a beat is -16256 * MACS to 2^14 * MACS, which LOW bits hold, LOW = clog2(MACS) + 16.
 *
 * Plain: a tree. Leaves are the products; every inner node is the sum of the two below it, modulo 2^LOW.
 * So node 1 is D modulo 2^LOW, and its sign extension D itself.
 *
 * Fast: rows of LOW + 2 bits, all unsigned.
 *
 * 1. lanes: digit j of a weight is d = w[2j-1] + w[2j] - 2 w[2j+1], and w = sum of d * 4^j. Row j of a lane,
 *    with the bit at 2j that row j+1 carries for it, is x * d * 4^j + 2^(8+2j). Row 4 has no other bit. So the
 *    five rows of lane i have the sum x[i] * w[i] + E with E = 2^8 + 2^10 + 2^12 + 2^14
 * 2. two more rows are the low LOW bits P of `previous`, and 2^LOW - E * MACS
 * 3. so all rows have the sum T = D + P + 2^LOW, and 0 < T < 2^(LOW+2)
 * 4. adders keep the sum and lose no carry, since three rows never exceed T (carry-save.ts)
 * 5. next: from any two rows whose sum is D + P + 2^LOW, D within its range, comes `previous` + D
 */
import { digitWire, timesDigitWire } from './booth.ts';
import { adderClaims, queueOf, rowWires } from './carry-save.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { cut, type Netlist } from './netlist.ts';

const GREATEST_PRODUCT = 128 * 128;
const LEAST_PRODUCT = -128 * 127;
/** Added to each product by its inverted signs. */
const EXCESS = 2 ** 8 + 2 ** 10 + 2 ** 12 + 2 ** 14;

/** @param unit without its registers, see openUnit of unit.ts */
export function sumClaims(
  unit: Netlist,
  { macs, arch }: { readonly macs: number; readonly arch: 'plain' | 'fast' },
): readonly Claim[] {
  const low = 16 + Math.ceil(Math.log2(macs));
  return arch === 'plain' ? treeClaims(unit, macs, low) : carrySaveClaims(unit, macs, low);
}

function treeClaims(unit: Netlist, macs: number, low: number): readonly Claim[] {
  const nodes = Array.from({ length: 2 * macs - 1 }, (_, i) => i + 1);
  const circuit = cut(unit, {
    previous: 'previous',
    ...Object.fromEntries(nodes.map((node) => [`node${node}`, `node[${node}].total`])),
  });
  const leaf = (node: number): string => {
    const i = node - macs;
    return `circuit_node${node}_made == extended${i}`;
  };
  const inner = (node: number): string => `circuit_node${node}_made == sum${node}`;
  return [
    claimOf(circuit, 'products', {
      setting: elements(macs).map(
        (i) => `${productOf(i)} wire signed [${low - 1}:0] extended${i} = product${i};`,
      ),
      holds: nodes.filter((node) => node >= macs).map(leaf),
    }),
    ...(macs === 1
      ? []
      : [
          claimOf(circuit, 'inner nodes', {
            setting: nodes
              .filter((node) => node < macs)
              .map(
                (node) =>
                  `wire [${low - 1}:0] sum${node} = circuit_node${2 * node}_read + circuit_node${2 * node + 1}_read;`,
              ),
            holds: nodes.filter((node) => node < macs).map(inner),
          }),
        ]),
    claimOf(circuit, 'next accumulator', {
      setting: [
        `wire [31:0] next = circuit_previous_read + {{${32 - low}{circuit_node1_read[${low - 1}]}}, circuit_node1_read};`,
      ],
      given: 'in_valid',
      holds: ['circuit_acc_d == next'],
    }),
  ];
}

function carrySaveClaims(unit: Netlist, macs: number, low: number): readonly Claim[] {
  const queue = queueOf(5 * macs + 2);
  const size = low + 2;
  const circuit = cut(unit, { previous: 'previous', ...rowWires(queue.count) });
  const [carries, sums] = queue.last;
  const signed = (name: string): string => `$signed({1'b0, ${name}})`;
  return [
    claimOf(circuit, 'lanes', {
      effortSeconds: macs,
      setting: elements(macs).flatMap((i) => laneSetting(i, macs, size + 2)),
      holds: elements(macs).flatMap((i) => [
        ...DIGITS.map((j) => `lane${i}_row${j} == lane${i}_value${j}`),
        `(circuit_row${4 * macs + i}_made & ~(1 << 6)) == 0`,
        `lane${i}_weight == lane${i}_w`,
      ]),
    }),
    claimOf(circuit, 'accumulator and constant', {
      setting: [],
      holds: [
        `circuit_row${5 * macs}_made == circuit_previous_read[${low - 1}:0]`,
        `circuit_row${5 * macs + 1}_made == ${2 ** low - EXCESS * macs}`,
      ],
    }),
    ...adderClaims(circuit, queue, size, 'exact'),
    claimOf(circuit, 'next accumulator', {
      setting: [
        `wire signed [39:0] total = ${signed(`circuit_row${carries}_read`)} + ${signed(`circuit_row${sums}_read`)};`,
        `wire signed [39:0] sum = total - ${signed(`circuit_previous_read[${low - 1}:0]`)} - 40'sd${2 ** low};`,
        'wire [31:0] next = circuit_previous_read + sum[31:0];',
      ],
      given: `in_valid && sum >= -40'sd${-LEAST_PRODUCT * macs} && sum <= 40'sd${GREATEST_PRODUCT * macs}`,
      holds: ['circuit_acc_d == next'],
    }),
  ];
}

const DIGITS = [0, 1, 2, 3] as const;

/**
 * Of lane i: its digits, what they say the weight is, and for each digit its row and what that should be.
 *
 * @param width of sums of rows
 */
function laneSetting(i: number, macs: number, width: number): readonly string[] {
  const lane = `lane${i}_`;
  const bit = (index: number): string => (index < 0 ? "1'b0" : `${lane}w[${index}]`);
  const made = (digit: number): string => `circuit_row${digit * macs + i}_made`;
  return [
    `wire signed [7:0] ${lane}x = x[${8 * i + 7}:${8 * i}]; wire signed [7:0] ${lane}w = w[${8 * i + 7}:${8 * i}];`,
    ...DIGITS.flatMap((j) => [
      digitWire(`${lane}digit${j}`, { high: bit(2 * j + 1), middle: bit(2 * j), below: bit(2 * j - 1) }),
      timesDigitWire(`${lane}times${j}`, 10, `${lane}x`, `${lane}digit${j}`),
      `wire signed [${width - 1}:0] ${lane}value${j} = ${lane}times${j} * ${4 ** j} + ${2 ** (8 + 2 * j)};`,
      // The bit of the digit before stands in this row, that of this digit in the next.
      `wire [${width - 1}:0] ${lane}row${j} = ${j === 0 ? made(j) : `(${made(j)} & ~(1 << ${2 * j - 2}))`} + (${made(j + 1)} & (1 << ${2 * j}));`,
    ]),
    `wire signed [9:0] ${lane}weight = ${DIGITS.map((j) => `${lane}digit${j} * ${4 ** j}`).join(' + ')};`,
  ];
}

const elements = (macs: number): readonly number[] => Array.from({ length: macs }, (_, i) => i);

function productOf(i: number): string {
  const element = (port: string): string => `$signed(${port}[${8 * i + 7}:${8 * i}])`;
  return `wire signed [15:0] product${i} = ${element('x')} * ${element('w')};`;
}

function claimOf(
  circuit: Netlist,
  name: string,
  {
    setting,
    given,
    holds,
    ...rest
  }: {
    readonly setting: readonly string[];
    readonly given?: string;
    readonly holds: readonly string[];
    readonly effortSeconds?: number;
  },
): Claim {
  return {
    ...rest,
    name,
    circuits: { circuit },
    inputs: freeInputs(circuit),
    setting: [instance(circuit, 'circuit', 'circuit_'), ...setting].join('\n'),
    ...(given === undefined ? {} : { given }),
    holds: holds.map((part) => `(${part})`).join(' && '),
  };
}
