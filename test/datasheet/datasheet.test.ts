/** The datasheet says what the blocks do: its examples and diagrams against arithmetic and rules of our own. */
import { describe, expect, test } from 'vitest';
import { datasheetOf } from '../../datasheet/datasheet.ts';
import { workedExamples } from '../../datasheet/worked-examples.ts';
import { multiplierFormat } from '../../golden/index.ts';
import { DEFAULT_OPTIONS, generate } from '../../hdl-gen/generate.ts';
import { createSimulator, type Simulator } from '../../sim/simulators/index.ts';
import { xmlFault } from '../support/markup.ts';

const options = { ...DEFAULT_OPTIONS, arch: 'plain', macs: 2, k: 4, units: 2, pipeline: 1 } as const;
const blocks = generate(options);
const LATENCY = 3;

/** Algorithm 1 and Eq. (1) in bigint. */
function expected(
  a: number,
  m: number,
  s: number,
  zeroPoint: number,
  least: number,
  greatest: number,
): number {
  const shift = BigInt(s);
  const half = s === 0 ? 0n : 2n ** (shift - 1n);
  const quotient = BigInt.asIntN(32, (BigInt(a) * BigInt(m) + half) >> shift);
  const y = quotient + BigInt(zeroPoint);
  return Number(y < BigInt(least) ? BigInt(least) : y > BigInt(greatest) ? BigInt(greatest) : y);
}

describe.each(
  [1, 2, 4, 32].flatMap((k) =>
    (['explicit', 'hidden'] as const).map((leadingOne) => [k, leadingOne] as const),
  ),
)('worked examples for k = %i, %s', (k, leadingOne) => {
  const examples = workedExamples(multiplierFormat(k, { leadingOne }));
  const named = (start: string) => examples.find(({ shows }) => shows.startsWith(start));

  test('are right', () => {
    for (const { accumulator, parameters, output } of examples) {
      const { multiplier, shift, outputZeroPoint, activationMin, activationMax } = parameters;
      expect(output).toBe(
        expected(accumulator, multiplier, shift, outputZeroPoint, activationMin, activationMax),
      );
    }
  });

  test('show what they say', () => {
    expect(named('a tie rounds')).toMatchObject({ quotient: 3, output: 3 });
    expect(named('a tie rounds')?.exact.toNumber()).toBe(2.5);
    expect(named('a tie below')).toMatchObject({ quotient: -2, output: -2 });
    expect(named('a tie below')?.exact.toNumber()).toBe(-2.5);
    expect(named('saturates at act_max')).toMatchObject({ quotient: 500, output: 127 });
    expect(named('saturates at act_min')).toMatchObject({ quotient: -500, output: -128 });
    expect(named('the greatest sum')).toMatchObject({ quotient: 2 ** 31 - 1, output: 127 });
    expect(named('the least sum')).toMatchObject({ quotient: -(2 ** 31), output: -128 });
    expect(named('ReLU')).toMatchObject({ quotient: -20, output: -10 });
    expect(named('a clamp without 0')).toMatchObject({ quotient: 0, output: 10 });
    expect(named('s = 0')?.parameters.shift).toBe(0);
    const wraps = named('M > 1');
    expect(wraps === undefined).toBe(k === 1 && leadingOne === 'explicit');
    if (wraps) expect(wraps.exact.toNumber()).not.toBe(wraps.quotient);
  });
});

describe('timing diagrams', async () => {
  const { diagrams, files } = await datasheetOf(options, blocks, createSimulator('cxxrtl'));

  /** Level or value of a signal in every cycle; undefined where it may be anything. */
  const valuesOf = (module: string, name: string): readonly (string | undefined)[] => {
    const lanes = (diagrams[module]?.signal ?? []).flatMap((signal) =>
      Array.isArray(signal) ? signal.slice(1) : [signal],
    ) as readonly { readonly name?: string; readonly wave?: string; readonly data?: readonly string[] }[];
    const { wave = '', data = [] } = lanes.find((lane) => lane.name === name) ?? {};
    const rest = [...data];
    const values: (string | undefined)[] = [];
    for (const character of wave) {
      if (character === '.') values.push(values.at(-1));
      else if (character === '=') values.push(rest.shift());
      else values.push(character === 'x' ? undefined : character);
    }
    expect(rest, `${name}: more data than places`).toEqual([]);
    return values;
  };
  const cyclesAt = (values: readonly (string | undefined)[], wanted: string): readonly number[] =>
    values.flatMap((value, cycle) => (value === wanted ? [cycle] : []));

  test('the unit: first, last, a bubble, back to back, and out_valid at the latency', () => {
    const valid = valuesOf('dot_product_unit', 'in_valid');
    const last = valuesOf('dot_product_unit', 'in_last');
    const beats = cyclesAt(valid, '1');
    const lastBeats = beats.filter((cycle) => last[cycle] === '1');
    expect(beats).toEqual([1, 3, 4, 5, 6]);
    expect(lastBeats).toEqual([3, 4, 6]);
    expect(cyclesAt(valuesOf('dot_product_unit', 'out_valid'), '1')).toEqual(
      lastBeats.map((cycle) => cycle + LATENCY),
    );
    // Bias with the first beat, parameters with the last.
    expect(valuesOf('dot_product_unit', 'bias').flatMap((value, at) => (value ? [at] : []))).toEqual([
      1, 4, 5,
    ]);
    const parameters = valuesOf('dot_product_unit', 'multiplier … act_max');
    expect(parameters.flatMap((value, at) => (value ? [at] : []))).toEqual(lastBeats);
    const out = valuesOf('dot_product_unit', 'out');
    expect(out[0]).toBeUndefined();
    expect(out.slice(1, 3 + LATENCY)).toEqual(Array.from({ length: 2 + LATENCY }, () => '0'));
    expect(new Set(out).size).toBe(5);
  });

  test('the array: unit 1 a cycle after unit 0', () => {
    for (const name of ['w', 'bias', 'out_valid']) {
      const [first, second] = [0, 1].map((unit) => valuesOf('systolic_array', `${name}[${unit}]`)) as [
        readonly string[],
        readonly string[],
      ];
      expect(second.slice(3)).toEqual(first.slice(2, -1));
    }
  });

  test('the drawings are complete SVG, and the page shows them', () => {
    const named = new Map(files.map(({ name, text }) => [name, text]));
    for (const module of ['dot_product_unit', 'systolic_array']) {
      const svg = named.get(`${module}.timing.svg`) ?? '';
      expect(xmlFault(svg)).toBeUndefined();
      for (const shown of ['in_valid', 'A0', `${LATENCY} cycles`]) expect(svg).toContain(shown);
      expect(JSON.parse(named.get(`${module}.timing.json`) ?? '')).toEqual(diagrams[module]);
      expect(named.get('datasheet.md')).toContain(`](${module}.timing.svg)`);
    }
  });

  test('the page has every port, what is reset, and the registers that are not', () => {
    const page = files.find(({ name }) => name === 'datasheet.md')?.text ?? '';
    for (const { manifest } of blocks) {
      for (const { name, width } of manifest.ports) {
        expect(page).toContain(`| \`${name}\``);
        expect(page).toContain(`| ${width.bits} | \`${width.expression}\` |`);
      }
    }
    expect(page).toMatch(/`dot_product_unit` \| `fresh`, .*`valid_stage1` \| `out` \| `acc`, /);
    expect(page).toContain('| `systolic_array` | `lane[1].control` | none | `lane[1].beat` |');
  });

  test('a simulation that differs from golden gives no datasheet', async () => {
    // What the blocks answered, but for the last bit of the last cycle.
    const cxxrtl = createSimulator('cxxrtl');
    const wrong: Simulator = {
      ...cxxrtl,
      async compile(design) {
        const compiled = await cxxrtl.compile(design);
        return {
          ...compiled,
          async run(stimulus) {
            const { outputs } = await compiled.run(stimulus);
            return { outputs: outputs.with(-1, (outputs.at(-1) ?? 0) ^ 1) };
          },
        };
      },
    };
    await expect(datasheetOf(options, blocks, wrong)).rejects.toThrow(
      /differ in cycle \d+ of the timing diagram/,
    );
  });
});
