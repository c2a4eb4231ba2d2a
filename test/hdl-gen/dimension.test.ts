import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Assignment,
  type Condition,
  clog2,
  Dimension,
  extremes,
  half,
  larger,
  negate,
  parity,
  pow2,
  type Variable,
} from '../../hdl-gen/dsl/dimension.ts';
import { evaluateVerilog } from '../support/verilog-expression.ts';

const parameter = (name: string, minimum: number, maximum: number): Variable => ({
  kind: 'parameter',
  name,
  minimum: Dimension.constant(minimum),
  maximum: Dimension.constant(maximum),
});

const A = parameter('A', 1, 9);
const B = parameter('B', 0, 5);
const C = parameter('C', 2, 7);
const VARIABLES = [A, B, C] as const;

interface Values {
  readonly A: number;
  readonly B: number;
  readonly C: number;
}

const assignmentOf = (values: Values): Assignment => new Map(VARIABLES.map((v) => [v, numberOf(v, values)]));
const numberOf = ({ name }: Variable, values: Values): number => values[name as keyof Values];
const values: fc.Arbitrary<Values> = fc.record({
  A: fc.integer({ min: 1, max: 9 }),
  B: fc.integer({ min: 0, max: 5 }),
  C: fc.integer({ min: 2, max: 7 }),
});

/** An expression twice: as a dimension, and as plain integer arithmetic. */
interface Twin {
  readonly dimension: Dimension;
  readonly integer: (values: Values) => number;
}

const least = ({ integer }: Twin): number => Math.min(...everyValue.map(integer));
const greatest = ({ integer }: Twin): number => Math.max(...everyValue.map(integer));
const range = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
const everyValue: readonly Values[] = range(1, 9).flatMap((a) =>
  range(0, 5).flatMap((b) => range(2, 7).map((c) => ({ A: a, B: b, C: c }))),
);

const smallestPowerAbove = (count: number): number => {
  let bits = 0;
  while (2 ** bits < count) bits += 1;
  return bits;
};

const plus = (a: Twin, b: Twin): Twin => ({
  dimension: a.dimension.plus(b.dimension),
  integer: (v) => a.integer(v) + b.integer(v),
});
const constant = (value: number): Twin => ({ dimension: Dimension.of(value), integer: () => value });

/** Names of localparams are unique in a module; the language sees to that. */
let locals = 0;

const { expression } = fc.letrec<{ expression: Twin }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.integer({ min: -6, max: 12 }).map(constant),
      fc
        .constantFrom(...VARIABLES)
        .map((v): Twin => ({ dimension: Dimension.variable(v), integer: (given) => numberOf(v, given) })),
    ),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => plus(a, b)),
    fc.tuple(tie('expression'), tie('expression')).map(
      ([a, b]): Twin => ({
        dimension: a.dimension.minus(b.dimension),
        integer: (v) => a.integer(v) - b.integer(v),
      }),
    ),
    fc.tuple(tie('expression'), tie('expression')).map(
      ([a, b]): Twin => ({
        dimension: a.dimension.times(b.dimension),
        integer: (v) => a.integer(v) * b.integer(v) + 0, // no -0
      }),
    ),
    fc.tuple(tie('expression'), tie('expression')).map(
      ([a, b]): Twin => ({
        dimension: larger(a.dimension, b.dimension),
        integer: (v) => Math.max(a.integer(v), b.integer(v)),
      }),
    ),
    fc.tuple(tie('expression'), tie('expression')).map(
      ([a, b]): Twin => ({
        dimension: Dimension.max(a.dimension, b.dimension),
        integer: (v) => Math.max(a.integer(v), b.integer(v)),
      }),
    ),
    tie('expression').map((a): Twin => {
      const positive = plus(a, constant(Math.max(0, 1 - least(a))));
      return {
        dimension: clog2(positive.dimension),
        integer: (v) => smallestPowerAbove(positive.integer(v)),
      };
    }),
    tie('expression').map((a): Twin => {
      const natural = plus(a, constant(Math.max(0, -least(a))));
      if (greatest(natural) > 20) return natural;
      return { dimension: pow2(natural.dimension), integer: (v) => 2 ** natural.integer(v) };
    }),
    fc.tuple(tie('expression'), fc.boolean()).map(([a, isHalf]): Twin => {
      const natural = plus(a, constant(Math.max(0, -least(a))));
      return isHalf
        ? { dimension: half(natural.dimension), integer: (v) => Math.floor(natural.integer(v) / 2) }
        : { dimension: parity(natural.dimension), integer: (v) => natural.integer(v) % 2 };
    }),
    tie('expression').map(
      (a): Twin => ({ dimension: Dimension.local(`LOCAL_${locals++}`, a.dimension), integer: a.integer }),
    ),
  ),
}));

/** Within what a 32-bit Verilog integer, and our exact numbers, hold. */
const sane = expression.filter((twin) => Math.max(Math.abs(least(twin)), greatest(twin)) < 2 ** 31);

test('evaluate() is integer arithmetic', () => {
  fc.assert(
    fc.property(sane, values, ({ dimension, integer }, given) => {
      expect(dimension.evaluate(assignmentOf(given))).toBe(integer(given));
    }),
    { numRuns: 400 },
  );
});

test('toString(), read by another evaluator, has the same value', () => {
  fc.assert(
    fc.property(
      sane.filter(({ dimension }) => !`${dimension}`.includes('LOCAL')),
      values,
      ({ dimension, integer }, given) => {
        expect(evaluateVerilog(dimension.toString(), { ...given })).toBe(integer(given));
      },
    ),
    { numRuns: 400 },
  );
});

test('a dimension that is the same number everywhere knows so where it is a polynomial', () => {
  fc.assert(
    fc.property(sane, sane, ({ dimension: a }, { dimension: b }) => {
      const difference = a.plus(b).times(a).minus(a.times(a)).minus(b.times(a));
      expect(difference.constantValue).toBe(0);
      expect(difference.toString()).toBe('0');
    }),
    { numRuns: 100 },
  );
});

test('substitute() composes', () => {
  fc.assert(
    fc.property(sane, sane, sane, values, (outer, a, b, given) => {
      // What replaces a variable must stay inside that variable's declared range, as an instance's does.
      const clampTo = (twin: Twin, low: number, high: number): Twin =>
        least(twin) >= low && greatest(twin) <= high ? twin : constant(low);
      const forA = clampTo(a, 1, 9);
      const forB = clampTo(b, 0, 5);
      const replaced = outer.dimension.substitute(
        new Map([
          [A, forA.dimension],
          [B, forB.dimension],
        ]),
      );
      const inner = { A: forA.integer(given), B: forB.integer(given), C: given.C };
      expect(replaced.evaluate(assignmentOf(given))).toBe(outer.integer(inner));
    }),
    { numRuns: 400 },
  );
});

describe('extremes() against brute force', () => {
  const relations = fc.constantFrom('==', '>=', '<') as fc.Arbitrary<Condition['relation']>;
  const holds = (left: number, relation: Condition['relation'], right: number): boolean =>
    relation === '==' ? left === right : relation === '<' ? left < right : left >= right;

  test('with guards', () => {
    let satisfied = 0;
    let dead = 0;
    fc.assert(
      fc.property(sane, sane, relations, sane, (twin, left, relation, right) => {
        const guard = { left: left.dimension, relation, right: right.dimension };
        const shared = left.dimension
          .minus(right.dimension)
          .variables()
          .some((variable) => twin.dimension.variables().includes(variable));
        const allowed = everyValue.filter(
          (given) => !shared || holds(left.integer(given), relation, right.integer(given)),
        );
        const compute = () => extremes(twin.dimension, [guard]);
        if (twin.dimension.constantValue === undefined && allowed.length === 0) {
          dead += 1;
          expect(compute).toThrow('no declared value satisfies');
          return;
        }
        satisfied += 1;
        const all = (twin.dimension.constantValue === undefined ? allowed : everyValue).map(twin.integer);
        const { minimum, maximum } = compute();
        expect(minimum.value).toBe(Math.min(...all));
        expect(maximum.value).toBe(Math.max(...all));
        expect(twin.dimension.evaluate(new Map([...assignmentOf(FIRST), ...minimum.at]))).toBe(minimum.value);
        expect(twin.dimension.evaluate(new Map([...assignmentOf(FIRST), ...maximum.at]))).toBe(maximum.value);
      }),
      { numRuns: 300 },
    );
    expect(satisfied).toBeGreaterThan(100);
    expect(dead).toBeGreaterThan(0);
  });

  /** For variables that the extreme does not depend on: any value will do. */
  const FIRST: Values = { A: 1, B: 0, C: 2 };

  test('with loop variables whose bounds depend on parameters and on other loops', () => {
    const a = Dimension.variable(A);
    const outer: Variable = { kind: 'genvar', name: 'i', minimum: Dimension.of(1), maximum: a.times(2) };
    const i = Dimension.variable(outer);
    const inner: Variable = { kind: 'genvar', name: 'j', minimum: i, maximum: i.plus(a) };
    const j = Dimension.variable(inner);
    const points = range(1, 9).flatMap((p) =>
      range(1, 2 * p).flatMap((q) => range(q, q + p).map((r) => ({ p, q, r }))),
    );
    fc.assert(
      fc.property(
        fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: -5, max: 5 }))),
        fc.integer({ min: 0, max: 30 }),
        ([x = 0, y = 0, z = 0, w = 0], limit) => {
          const dimension = a.times(x).plus(i.times(y)).plus(j.times(z)).plus(j.times(a).times(w));
          fc.pre(dimension.variables().includes(inner));
          const guards = [j.lessThan(limit), i.atLeast(2)];
          const all = points
            .filter(({ q, r }) => r < limit && q >= 2)
            .map(({ p, q, r }) => x * p + y * q + z * r + w * r * p);
          if (all.length === 0) {
            expect(() => extremes(dimension, guards)).toThrow('no declared value satisfies');
            return;
          }
          const { minimum, maximum } = extremes(dimension, guards);
          expect([minimum.value, maximum.value]).toEqual([Math.min(...all), Math.max(...all)]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('what does not hold is the negation, or nothing is assumed', () => {
    const a = Dimension.variable(A);
    const split = (condition: Condition) => extremes(a, negate(condition));
    expect(split(a.atLeast(4)).maximum.value).toBe(3);
    expect(split(a.lessThan(4)).minimum.value).toBe(4);
    expect(split(a.equals(4))).toEqual(extremes(a));
  });

  test('too many combinations are refused, not endured', () => {
    const wide = ['X', 'Y'].map((name) => Dimension.variable(parameter(name, 1, 2000)));
    const [x, y] = wide;
    if (!x || !y) throw new Error('two variables');
    expect(() => extremes(clog2(x).times(clog2(y)))).toThrow(/more than 2000000 values of \(X, Y\)/);
  });
});

describe('larger()', () => {
  test('leaves no comparison where one side always wins', () => {
    const a = Dimension.variable(A);
    expect(larger(a.plus(1), a).toString()).toBe('A+1');
    expect(larger(a, Dimension.of(9)).toString()).toBe('9');
    expect(larger(a, Dimension.of(8), [a.lessThan(9)]).toString()).toBe('8');
    expect(evaluateVerilog(larger(a, Dimension.of(4)).toString(), { A: 3 })).toBe(4);
  });
});

test('what has no value says which variable lacks one', () => {
  expect(() => Dimension.variable(A).plus(1).evaluate(new Map())).toThrow('A has no value here');
  expect(() => Dimension.of(1.5)).toThrow('1.5 is not an integer');
});

test('powers of two and their logarithms undo each other up to 2^30', () => {
  const e = Dimension.variable(parameter('E', 0, 30));
  const { minimum, maximum } = extremes(clog2(pow2(e)).minus(e));
  expect([minimum.value, maximum.value]).toEqual([0, 0]);
  expect(extremes(clog2(pow2(e).plus(1)).minus(e)).minimum.value).toBe(1);
});
