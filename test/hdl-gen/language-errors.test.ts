/**
 * What the language refuses: by the compiler where types can tell, else while the module is described, in a
 * message with the signal, both widths, the line, and the remedy.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  clog2,
  concat,
  type Dimension,
  defineModule,
  HardwareDescriptionError,
  input,
  output,
  type ParameterSpecs,
  repeat,
  type Scope,
  type Signal,
  signed,
  signedLiteral,
  unsigned,
  unsignedLiteral,
} from '../../hdl-gen/dsl/index.ts';
import { verilogOf } from '../support/bench.ts';

const K = { minimum: 1, maximum: 8, default: 4, description: 'A width' };

/** Inputs of each sign, constant and symbolic, and a module body that uses them. */
interface Inputs {
  readonly clk: Signal<'unsigned'>;
  readonly flag: Signal<'unsigned'>;
  readonly u8: Signal<'unsigned'>;
  readonly uk: Signal<'unsigned'>;
  readonly s8: Signal<'signed'>;
  readonly sk: Signal<'signed'>;
}

function unit(body: (scope: Scope, inputs: Inputs, K: Dimension) => unknown) {
  return defineModule({
    name: 'unit',
    description: 'A module of a test.',
    parameters: { K },
    ports: (parameters) => ({
      clk: input.unsigned(1, 'Clock'),
      flag: input.unsigned(1, 'A flag'),
      u8: input.unsigned(8, 'Unsigned'),
      uk: input.unsigned(parameters.K, 'Unsigned, symbolic'),
      s8: input.signed(8, 'Signed'),
      sk: input.signed(parameters.K, 'Signed, symbolic'),
    }),
    body: (scope, inputs, parameters) => {
      body(scope, inputs, parameters.K);
      return {};
    },
  });
}

const FILE = 'test/hdl-gen/language-errors.test.ts';
const LINES = readFileSync(new URL(import.meta.url), 'utf8').split('\n');

/** The line of a test that calls the function which calls this. */
function lineOfCall(): number {
  const frame = (new Error().stack ?? '').split('\n').filter((line) => line.includes(FILE))[2] ?? '';
  return Number(/:(\d+):\d+\)?$/.exec(frame)?.[1]);
}

/**
 * Asserts that describing fails with the parts of the message in order, and that the message names a line
 * of this file near this call which contains `at`.
 */
function refuses(at: string, describeIt: () => unknown, parts: readonly string[]): void {
  const call = lineOfCall();
  let message = 'nothing is refused';
  try {
    describeIt();
  } catch (error) {
    expect(error).toBeInstanceOf(HardwareDescriptionError);
    message = error instanceof Error ? error.message : '';
  }
  const [, before = '', file, line, after = ''] = /^(.*) \((\S+):(\d+)\)(;.*)$/.exec(message) ?? [];
  expect(file, message).toBe(FILE);
  expect(LINES[Number(line) - 1], message).toContain(at);
  expect(Math.abs(Number(line) - call), message).toBeLessThan(25);
  let rest = before + after;
  for (const part of parts) {
    expect(rest).toContain(part);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
}

const WRAP = (target: string | number) => `; widen the target, or say .wrap(${target})`;
const SATURATE = (target: number) => `; widen the target, or say .saturate(${target}) or .wrap(${target})`;
const NAME = "; widen the target, or give the value a name, scope.wire('name', ...), and say ";
const RANGE = (names: string) => `; widen the target, or narrow the range of ${names}`;

describe('what does not fit is not assigned', () => {
  test('to a wire', () => {
    refuses(
      "scope.wire('sum'",
      () =>
        unit((scope, { s8 }) => {
          scope.wire('sum', s8.add(s8), 8);
        }),
      ['unit.sum: 9 bits do not fit into 8', `${NAME}.saturate(8) or .wrap(8)`],
    );
  });

  test('and what the message then proposes is accepted', () => {
    refuses("scope.wire('w', s8, 7)", () => unit((scope, { s8 }) => scope.wire('w', s8, 7)), [SATURATE(7)]);
    refuses("scope.wire('w', u8, 7)", () => unit((scope, { u8 }) => scope.wire('w', u8, 7)), [WRAP(7)]);
    refuses(
      "scope.wire('w', u8.add(u8), k)",
      () => unit((scope, { u8 }, k) => scope.wire('w', u8.add(u8), k)),
      [`${NAME}.wrap(...)`],
    );
    expect(() =>
      unit((scope, { s8, u8 }, k) => {
        scope.wire('saturated', s8.saturate(7), 7);
        scope.wire('wrapped', s8.wrap(7), 7);
        scope.wire('low', u8.wrap(7), 7);
        scope.wire('lowest', scope.wire('sum', u8.add(u8)).wrap(k), k);
      }),
    ).not.toThrow();
    // Here it does not propose to wrap: where K is less, nothing could be dropped.
    refuses("scope.wire('w', uk, 7)", () => unit((scope, { uk }) => scope.wire('w', uk, 7)), [RANGE('K')]);
    expect(() => unit((scope, { uk }) => scope.wire('w', uk.wrap(7), 7))).toThrow('not within its K bits');
  });

  test('to a register', () => {
    refuses(
      'r.becomes(u8)',
      () =>
        unit((scope, { clk, u8 }) => {
          const r = scope.register('r', unsigned(7));
          scope.clocked({ clock: clk }, r.becomes(u8));
        }),
      ['unit.r: 8 bits do not fit into 7', WRAP(7)],
    );
  });

  test('to the reset value of a register', () => {
    refuses(
      "scope.register('r', unsigned(3), 8)",
      () => unit((scope) => scope.register('r', unsigned(3), 8)),
      [
        'unit: the constant 8: 4 bits do not fit into 3',
        '; widen the target, or choose a constant that fits',
      ],
    );
  });

  test('to the input of an instance', () => {
    const child = defineModule({
      name: 'child',
      description: 'A child.',
      parameters: { W: { minimum: 1, maximum: 16, default: 4, description: 'Width' } },
      ports: ({ W }) => ({ a: input.unsigned(W, 'In'), y: output.unsigned(W, 'Out') }),
      body: (_, { a }) => ({ y: a }),
    });
    refuses(
      "scope.instance('one', child, { W: k }, { a: u8 })",
      () => unit((scope, { u8 }, k) => scope.instance('one', child, { W: k }, { a: u8 })),
      ['unit.one.a: 8 bits do not fit into K where K = 1', RANGE('K')],
    );
    refuses(
      "scope.instance('one', child, { W: k.plus(9) }, { a: u8 })",
      () => unit((scope, { u8 }, k) => scope.instance('one', child, { W: k.plus(9) }, { a: u8 })),
      ['unit.one: W is outside 1..16 where K = 8', 'narrow the range'],
    );
  });

  test('to an output', () => {
    const describeIt = (width: number) =>
      defineModule({
        name: 'sum_unit',
        description: 'Its output is too narrow.',
        parameters: { K },
        ports: (parameters) => ({
          a: input.signed(parameters.K, 'In'),
          y: output.signed(width, 'Out'),
        }),
        body: (_, { a }) => ({ y: a.add(a) }),
      });
    refuses("y: output.signed(width, 'Out')", () => describeIt(5), [
      'sum_unit.y: K+1 bits do not fit into 5 where K = 8',
      RANGE('K'),
    ]);
    expect(() => describeIt(9)).not.toThrow();
  });

  test('to the wire of a choice, in the branch where it can be', () => {
    const choice = (limit: number) => () =>
      unit((scope, { uk, u8 }, k) =>
        scope.choose(
          'y',
          unsigned(5),
          k.lessThan(limit),
          { label: 'low', describe: () => uk },
          { label: 'high', describe: () => u8.slice(0, 5) },
        ),
      );
    refuses('scope.choose(', choice(7), ['unit.y: K bits do not fit into 5 where K = 6', RANGE('K')]);
    expect(choice(6)).not.toThrow();
  });

  test('to an element of a pack', () => {
    refuses(
      "scope.pack('p'",
      () => unit((scope, { u8 }, k) => scope.pack('p', { genvar: 'i', count: k, width: 7 }, () => u8)),
      ['unit.p: 8 bits do not fit into 7', WRAP(7)],
    );
  });

  test('to a member of a family', () => {
    refuses(
      'scope.family(',
      () =>
        unit((scope, { u8 }, k) =>
          scope.family(
            'f',
            { genvar: 'i', first: 0, last: k.minus(1) },
            (i) => ({ m: unsigned(i.plus(1)) }),
            () => ({ m: u8 }),
          ),
        ),
      ['unit.f.m: 8 bits do not fit into i+1 where K = 1 and i = 0', RANGE('K or i')],
    );
  });

  test('by extension', () => {
    refuses('u8.extend(7)', () => unit((_, { u8 }) => u8.extend(7)), [
      'unit.u8: 8 bits do not fit into 7',
      WRAP(7),
    ]);
    refuses('uk.extend(7)', () => unit((_, { uk }) => uk.extend(7)), [
      'unit.uk: K bits do not fit into 7 where K = 8',
      RANGE('K'),
    ]);
  });

  test('where both widths are symbolic, with the values that break it', () => {
    refuses(
      "scope.wire('w', uk.mul(sk), k.plus(5))",
      () => unit((scope, { uk, sk }, k) => scope.wire('w', uk.mul(sk), k.plus(5))),
      ['unit.w: 2*K bits do not fit into K+5 where K = 8', RANGE('K')],
    );
    expect(() => unit((scope, { uk, sk }, k) => scope.wire('w', uk.mul(sk), k.plus(8)))).not.toThrow();
  });

  test('one bit is not called bits', () => {
    refuses('flag.slice(0, 2)', () => unit((_, { flag }) => flag.slice(0, 2)), ['are not within its 1 bit']);
  });
});

describe('slices stay within', () => {
  const MEND = '; correct the bounds, or extend the signal first';

  test('constant bounds', () => {
    refuses('u8.slice(4, 5)', () => unit((_, { u8 }) => u8.slice(4, 5)), [
      'unit.u8: bits 8 to 4 are not within its 8 bits',
      MEND,
    ]);
    refuses('u8.slice(-1, 2)', () => unit((_, { u8 }) => u8.slice(-1, 2)), [
      'bits 0 to -1 are not within its 8 bits',
      MEND,
    ]);
    refuses('u8.slice(2, 0)', () => unit((_, { u8 }) => u8.slice(2, 0)), [
      'bits 1 to 2 are not within its 8 bits',
      MEND,
    ]);
    refuses('s8.bit(8)', () => unit((_, { s8 }) => s8.bit(8)), [
      'bits 8 to 8 are not within its 8 bits',
      MEND,
    ]);
    expect(() => unit((_, { u8 }) => u8.slice(4, 4))).not.toThrow();
  });

  test('symbolic bounds', () => {
    refuses('u8.slice(k, 2)', () => unit((_, { u8 }, k) => u8.slice(k, 2)), [
      'unit.u8: bits K+1 to K are not within its 8 bits where K = 8',
      MEND,
    ]);
    refuses('uk.slice(0, k.minus(1))', () => unit((_, { uk }, k) => uk.slice(0, k.minus(1))), [
      'bits K-2 to 0',
      'where K = 1',
      MEND,
    ]);
    refuses('uk.slice(k.minus(2), 1)', () => unit((_, { uk }, k) => uk.slice(k.minus(2), 1)), [
      'bits K-2 to K-2',
      'where K = 1',
      MEND,
    ]);
    expect(() => unit((_, { uk }) => uk.top())).not.toThrow();
  });

  const loop = (last: (k: Dimension) => Dimension, use: (u8: Signal<'unsigned'>, i: Dimension) => unknown) =>
    unit((scope, { u8 }, k) =>
      scope.family(
        'f',
        { genvar: 'i', first: 0, last: last(k) },
        () => ({ m: unsigned(8) }),
        (_, i) => {
          use(u8, i);
          return { m: u8 };
        },
      ),
    );

  test('in a generate loop', () => {
    refuses(
      'u8.bit(i)',
      () =>
        loop(
          (k) => k,
          (u8, i) => u8.bit(i),
        ),
      ['bits i to i', 'where K = 8 and i = 8', MEND],
    );
    refuses(
      'u8.bit(i.minus(1))',
      () =>
        loop(
          (k) => k,
          (u8, i) => u8.bit(i.minus(1)),
        ),
      ['bits i-1 to i-1', 'i = 0', MEND],
    );
    expect(() =>
      loop(
        (k) => k.minus(1),
        (u8, i) => u8.bit(i),
      ),
    ).not.toThrow();
  });

  test('under a guard', () => {
    const guarded = (limit: number) =>
      unit((scope, { u8 }, k) =>
        scope.choose(
          'y',
          unsigned(1),
          k.lessThan(limit),
          { label: 'low', describe: () => u8.bit(k) },
          { label: 'high', describe: () => u8.bit(0) },
        ),
      );
    expect(() => guarded(8)).not.toThrow();
    // Every declared K is below 9, so that the guard excludes nothing.
    expect(() => guarded(9)).toThrow(/unit\.u8: bits K to K are not within its 8 bits where K = 8/);
  });

  test('of a family, whose blocks have an index', () => {
    refuses(
      'f.at(k)',
      () =>
        unit((scope, { u8 }, k) => {
          const f = scope.family(
            'f',
            { genvar: 'i', first: 0, last: k.minus(1) },
            () => ({ m: unsigned(8) }),
            () => ({ m: u8 }),
          );
          return f.at(k).m;
        }),
      ['unit.f[K] is outside 0..K-1', '; narrow the range'],
    );
  });
});

describe('operands', () => {
  test('bitwise: equal widths', () => {
    refuses('u8.and(uk)', () => unit((_, { u8, uk }) => u8.and(uk)), [
      "unit: '&' of unit.u8 (8 bits) and unit.uk (K bits)",
      '; extend the narrower one, or slice the wider one',
    ]);
    refuses('u8.or(flag)', () => unit((_, { u8, flag }) => u8.or(flag)), [
      "'|' of unit.u8 (8 bits) and unit.flag (1 bit)",
    ]);
    refuses('flag.xor(u8.add(u8))', () => unit((_, { u8, flag }) => flag.xor(u8.add(u8))), [
      "'^' of unit.flag (1 bit) and unit: an expression of 9 bits (9 bits)",
    ]);
    expect(() => unit((_, { u8, uk }) => u8.and(uk.extend(8)))).not.toThrow();
  });

  test('conditions of one bit', () => {
    const MEND = '; compare it, or reduce it with any() or all()';
    refuses('u8.select(s8, s8)', () => unit((_, { u8, s8 }) => u8.select(s8, s8)), [
      'unit.u8: select needs 1 bit, not 8 bits',
      MEND,
    ]);
    refuses('uk.select(s8, s8)', () => unit((_, { uk, s8 }) => uk.select(s8, s8)), [
      'unit.uk: select needs 1 bit, not K bits',
      MEND,
    ]);
    expect(() => unit((_, { uk, s8 }) => uk.any().select(s8, s8))).not.toThrow();
    const clocked = (use: 'clock' | 'reset' | 'enable') => () =>
      unit((scope, { clk, u8 }) => {
        const r = use === 'reset' ? scope.register('r', unsigned(8), 0) : scope.register('r', unsigned(8));
        scope.clocked({ clock: clk, [use]: u8 }, r.becomes(u8));
      });
    for (const use of ['clock', 'reset', 'enable'] as const) {
      expect(clocked(use)).toThrow(`unit.u8: ${use} needs 1 bit, not 8 bits (${FILE}:`);
    }
  });

  test('a slice, or what needs one, of something that has a name', () => {
    const MEND = "; give it one first: scope.wire('name', ...)";
    refuses('u8.add(u8).slice(0, 3)', () => unit((_, { u8 }) => u8.add(u8).slice(0, 3)), [
      'unit: slice of an expression without a name',
      MEND,
    ]);
    refuses('s8.sub(s8).saturate(8)', () => unit((_, { s8 }) => s8.sub(s8).saturate(8)), [
      'unit: slice of an expression without',
      MEND,
    ]);
    refuses('s8.sub(s8).wrap(8)', () => unit((_, { s8 }) => s8.sub(s8).wrap(8)), [
      'unit: slice of an expression without',
      MEND,
    ]);
    expect(() => unit((scope, { s8 }) => scope.wire('d', s8.sub(s8)).saturate(8))).not.toThrow();
  });

  test('wrap that drops something', () => {
    refuses('u8.wrap(8)', () => unit((_, { u8 }) => u8.wrap(8)), [
      'unit.u8: wrap(8) drops nothing from 8 bits',
      '; leave wrap out',
    ]);
    refuses('uk.wrap(k)', () => unit((_, { uk }, k) => uk.wrap(k)), [
      'unit.uk: wrap(K) drops nothing from K bits',
    ]);
    refuses('uk.wrap(9)', () => unit((_, { uk }) => uk.wrap(9)), ['bits 8 to 0 are not within its K bits']);
    expect(() => unit((_, { u8 }) => u8.wrap(7))).not.toThrow();
  });

  test('saturation to a whole number of bits', () => {
    for (const width of [0, -1, 7.5, Number.NaN]) {
      refuses('s8.saturate(width)', () => unit((_, { s8 }) => s8.saturate(width)), [
        `unit.s8: saturate(${width})`,
        '; say a whole number of bits, at least 1',
      ]);
    }
  });

  test('constants that are whole numbers, exactly', () => {
    for (const value of [1.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
      refuses('signedLiteral(value)', () => unit(() => signedLiteral(value)), [
        `unit: ${value} is not an integer that a number holds exactly`,
        '; say a whole number, beyond 2^53 as a bigint',
      ]);
    }
    unit(() => {
      expect(signedLiteral(-(2n ** 63n)).width.constantValue).toBe(64);
      expect(unsignedLiteral(2n ** 64n - 1n).width.constantValue).toBe(64);
    });
  });

  test('constants that fit their sign and width', () => {
    refuses('unsignedLiteral(-1)', () => unit(() => unsignedLiteral(-1)), [
      'unit: -1 is not unsigned',
      '; use signedLiteral',
    ]);
    refuses('unsignedLiteral(256, 8)', () => unit(() => unsignedLiteral(256, 8)), [
      'unit: the constant 256: 9 bits do not fit into 8',
    ]);
    refuses('signedLiteral(128, 8)', () => unit(() => signedLiteral(128, 8)), [
      'unit: the constant 128: 9 bits do not fit into 8',
    ]);
    refuses('signedLiteral(-129, 8)', () => unit(() => signedLiteral(-129, 8)), [
      'unit: the constant -129: 9 bits do not fit into 8',
    ]);
    refuses('unsignedLiteral(4, k)', () => unit((_, __, k) => unsignedLiteral(4, k)), [
      '3 bits do not fit into K where K = 1',
    ]);
    expect(() =>
      unit(() => [signedLiteral(-128, 8), signedLiteral(127, 8), unsignedLiteral(255, 8)]),
    ).not.toThrow();
  });

  test('a sign to extend under a name, since Verilog takes bits only of names', () => {
    const FACT = 'unit: the sign of an expression without a name, of 8 bits, is extended to';
    const MEND = "; give it one first: scope.wire('name', ...)";
    refuses(
      "scope.wire('w', s8.shiftRight(flag), 12)",
      () => unit((scope, { s8, flag }) => scope.wire('w', s8.shiftRight(flag), 12)),
      [`${FACT} 12`, MEND],
    );
    refuses('s8.shiftRight(flag).add(s8)', () => unit((_, { s8, flag }) => s8.shiftRight(flag).add(s8)), [
      `${FACT} 9`,
      MEND,
    ]);
    refuses('s8.addWrap(s8).not().mul(s8)', () => unit((_, { s8 }) => s8.addWrap(s8).not().mul(s8)), [
      `${FACT} 16`,
      MEND,
    ]);
    refuses(
      's8.lessThan(s8.addWrap(s8).extend(9))',
      () => unit((_, { s8 }) => s8.lessThan(s8.addWrap(s8).extend(9))),
      [`${FACT} 9`, MEND],
    );
    refuses('u8.not().asSigned().sub(s8)', () => unit((_, { u8, s8 }) => u8.not().asSigned().sub(s8)), [
      `${FACT} 9`,
      MEND,
    ]);
    const fitting = unit((scope, { flag, s8, u8 }, k) => {
      const half = scope.wire('half', s8.shiftRight(flag));
      scope.wire('sum', half.add(u8.asSigned()).not(), k.plus(9));
      scope.wire('choice', flag.select(s8.shiftRight(flag), s8.addWrap(s8)));
    });
    expect(() => verilogOf(fitting)).not.toThrow();
  });
});

describe('widths that can be checked', () => {
  test('a branch that is taken for some value of the parameters', () => {
    refuses(
      'scope.choose(',
      () =>
        unit((scope, { uk, u8 }, k) =>
          scope.choose(
            'y',
            unsigned(8),
            k.atLeast(9),
            {
              label: 'never',
              describe: () => uk,
            },
            { label: 'always', describe: () => u8 },
          ),
        ),
      [
        'no declared value satisfies K >= 9',
        '; leave out what is never built, or widen the range of a parameter',
      ],
    );
  });

  test('a loop that runs for some value of the parameters', () => {
    refuses(
      'u8.bit(i)',
      () =>
        unit((scope, { u8 }, k) =>
          scope.pack('p', { genvar: 'i', count: k.minus(8), width: 1 }, (i) => u8.bit(i)),
        ),
      [
        'no value is declared for K in 1..8 and i in 0..K-9',
        '; leave out what is never built, or widen the range of a parameter',
      ],
    );
  });

  test('not too many values', () => {
    const wide = { minimum: 1, maximum: 2000, default: 1, description: '' };
    refuses(
      'clog2(X).times(clog2(Y))',
      () =>
        defineModule({
          name: 'm',
          description: '',
          parameters: { X: wide, Y: wide },
          ports: () => ({ a: input.unsigned(1, ''), y: output.unsigned(8, '') }),
          body: (scope, { a }, { X, Y }) => ({ y: scope.wire('w', a, clog2(X).times(clog2(Y))) }),
        }),
      ['more than 2000000 values of (X, Y) to check', '; declare smaller ranges, or fewer variables'],
    );
  });

  test('whole ones', () => {
    refuses('u8.slice(0, 2.5)', () => unit((_, { u8 }) => u8.slice(0, 2.5)), [
      '2.5 is not an integer',
      '; widths, indices and counts are whole numbers',
    ]);
  });
});

describe('registers', () => {
  test('are updated', () => {
    refuses("scope.register('r', unsigned(3))", () => unit((scope) => scope.register('r', unsigned(3))), [
      'unit.r is never updated',
      '; update it in a clocked process',
    ]);
  });

  test('are updated once', () => {
    refuses(
      'scope.clocked(',
      () =>
        unit((scope, { clk, u8 }) => {
          const r = scope.register('r', unsigned(8));
          scope.clocked({ clock: clk }, r.becomes(u8));
          scope.clocked({ clock: clk }, r.becomes(u8));
        }),
      ['unit.r is updated twice', '; update each register once, in the scope that declares it'],
    );
  });

  test('are updated in the scope that declares them', () => {
    refuses(
      'block.clocked(',
      () =>
        unit((scope, { clk, u8 }, k) => {
          const r = scope.register('r', unsigned(8));
          const inside = (block: Scope) => {
            block.clocked({ clock: clk }, r.becomes(u8));
            return u8;
          };
          const other = { label: 'other', describe: () => u8 };
          scope.choose('y', unsigned(8), k.atLeast(3), { label: 'one', describe: inside }, other);
        }),
      ['unit.r is updated twice, or in another scope than its own'],
    );
  });

  test('have a reset value exactly where their process has a reset', () => {
    const MEND = '; put registers with and without reset into processes of their own';
    refuses(
      'scope.clocked({ clock: clk, reset: flag }',
      () =>
        unit((scope, { clk, flag, u8 }) => {
          const r = scope.register('r', unsigned(8));
          scope.clocked({ clock: clk, reset: flag }, r.becomes(u8));
        }),
      ['unit.r has no reset value, but its process has a reset', MEND],
    );
    refuses(
      'scope.clocked(',
      () =>
        unit((scope, { clk, u8 }) => {
          const r = scope.register('r', unsigned(8), 0);
          scope.clocked({ clock: clk }, r.becomes(u8));
        }),
      ['unit.r has a reset value, but its process no reset', MEND],
    );
  });
});

describe('names', () => {
  const MEND = '; choose another name';

  test('are declared once', () => {
    refuses(
      "scope.wire('w', u8)",
      () =>
        unit((scope, { u8 }) => {
          scope.wire('w', u8);
          scope.wire('w', u8);
        }),
      ['unit.w is declared twice', MEND],
    );
    refuses("scope.wire('u8', u8)", () => unit((scope, { u8 }) => scope.wire('u8', u8)), [
      'unit.u8 is declared twice',
      MEND,
    ]);
    refuses("scope.wire('K', u8)", () => unit((scope, { u8 }) => scope.wire('K', u8)), [
      'unit.K is declared twice',
      MEND,
    ]);
  });

  test('a port is not called as a parameter', () => {
    const clash = () =>
      defineModule({
        name: 'm',
        description: '',
        parameters: { K },
        ports: () => ({ K: input.unsigned(1, 'Port') }),
        body: () => ({}),
      });
    expect(clash).toThrow(`m.K is declared twice (${FILE}:`);
  });

  test('loop variables are names too; loops beside each other may share one, loops in loops may not', () => {
    const loop = (scope: Scope, label: string, genvar: string, inside?: (block: Scope) => unknown) =>
      scope.family(
        label,
        { genvar, first: 0, last: 3 },
        () => ({ m: unsigned(1) }),
        (block) => {
          inside?.(block);
          return { m: unsignedLiteral(1) };
        },
      );
    expect(() => unit((scope) => [loop(scope, 'a', 'i'), loop(scope, 'b', 'i')])).not.toThrow();
    const nested = () => unit((scope) => loop(scope, 'a', 'i', (block) => loop(block, 'b', 'i')));
    const wireFirst = () => unit((scope, { u8 }) => [scope.wire('i', u8), loop(scope, 'a', 'i')]);
    const loopFirst = () => unit((scope, { u8 }) => [loop(scope, 'a', 'i'), scope.wire('i', u8)]);
    for (const clash of [nested, wireFirst, loopFirst]) {
      expect(clash).toThrow(`unit.i is declared twice (${FILE}:`);
    }
  });

  test('a member is not another wire of its block', () => {
    const clash = () =>
      unit((scope, { u8 }) =>
        scope.family(
          'f',
          { genvar: 'i', first: 0, last: 3 },
          () => ({ m: unsigned(8) }),
          (block) => {
            block.wire('m', u8.not());
            return { m: u8 };
          },
        ),
      );
    expect(clash).toThrow(`unit.m is declared twice (${FILE}:`);
  });

  test('a block declares through its own scope', () => {
    refuses(
      "scope.wire('w', u8)",
      () =>
        unit((scope, { u8 }) =>
          scope.family(
            'f',
            { genvar: 'i', first: 0, last: 3 },
            () => ({ m: unsigned(8) }),
            () => ({ m: scope.wire('w', u8) }),
          ),
        ),
      [
        'unit.w is declared inside a block, but through the scope around it',
        '; use the scope that the function',
      ],
    );
  });

  test('dropped bits of the same signal have names of their own', () => {
    const text = verilogOf(
      unit((scope, { u8 }, k) => {
        u8.wrap(4);
        u8.wrap(5);
        scope.family(
          'f',
          { genvar: 'i', first: 0, last: k },
          () => ({ m: unsigned(8) }),
          (_, i, family) => {
            family.at(i).m.wrap(2);
            return { m: u8 };
          },
        );
      }),
    );
    const declared = [...text.matchAll(/wire (unused\S+) =/g)].map(([, name]) => name);
    expect(declared).toHaveLength(3);
    expect(new Set(declared).size).toBe(3);
    for (const name of declared) expect(name).toMatch(/^\w+$/);
  });

  test.each(['reg', 'wire', 'generate', 'logic', 'packed', 'final', '2nd', 'a-b', '', '_', 'ä'])(
    "'%s' is none",
    (name) => {
      refuses('scope.wire(name, u8)', () => unit((scope, { u8 }) => scope.wire(name, u8)), [
        `unit: signal '${name}' is not a Verilog name`,
        '; use letters, digits and _, and no keyword',
      ]);
    },
  );

  test('of modules, parameters, ports and loops are checked alike', () => {
    const made = (name: string, parameter: string, port: string) => () =>
      defineModule({
        name,
        description: '',
        parameters: { [parameter]: K } as ParameterSpecs,
        ports: () => ({ [port]: input.unsigned(1, '') }),
        body: () => ({}),
      });
    expect(made('module', 'P', 'a')).toThrow(`module 'module' is not a Verilog name (${FILE}:`);
    expect(made('m', 'begin', 'a')).toThrow(`m: parameter 'begin' is not a Verilog name (${FILE}:`);
    expect(made('m', 'P', 'input')).toThrow(`m: port 'input' is not a Verilog name (${FILE}:`);
    expect(() =>
      unit((scope, { flag }, k) => scope.pack('p', { genvar: 'for', count: k, width: 1 }, () => flag)),
    ).toThrow(`unit: genvar 'for' is not a Verilog name (${FILE}:`);
  });
});

test('clamping between bounds of different widths keeps the wider', () => {
  unit((_, { s8 }) => {
    const clamped = s8.clamp(signedLiteral(-2), signedLiteral(100));
    expect(clamped.width.constantValue).toBe(8);
  });
});

/**
 * What TypeScript refuses. The functions are only compiled: `npm run typecheck` fails where one of these
 * lines is no error any more.
 */
const refusedByTypes = {
  mixedSigns: (u: Signal<'unsigned'>, s: Signal<'signed'>) => [
    // @ts-expect-error: a sum needs operands of one sign
    u.add(s),
    // @ts-expect-error: the other way round too
    s.addWrap(u),
    // @ts-expect-error: a difference too
    u.sub(s),
    // @ts-expect-error: comparing mixed signs is where Verilog goes wrong
    u.lessThan(s),
    // @ts-expect-error: equality too
    s.equals(u),
    // @ts-expect-error: bits of one sign
    u.and(s),
    // @ts-expect-error: both choices are of one sign
    u.select(u, s),
    // Products may be mixed, and what crosses over by name.
    u.mul(s),
    u.toSigned().add(s),
    u.asSigned().lessThan(s),
  ],
  wrongKind: (u: Signal<'unsigned'>, s: Signal<'signed'>) => [
    // @ts-expect-error: a signed signal does not decide
    s.select(u, u),
    // @ts-expect-error: a shift amount is not negative
    u.shiftRight(s),
    // @ts-expect-error: what is signed already
    s.toSigned(),
    // @ts-expect-error: an unsigned value has no sign to saturate by
    u.saturate(8),
    concat(u, s),
    repeat(s, 2),
  ],
  registers: (scope: Scope, u: Signal<'unsigned'>, s: Signal<'signed'>) => [
    // @ts-expect-error: a register keeps its sign
    scope.register('r', signed(8)).becomes(u),
    scope.register('r', signed(8)).becomes(s),
  ],
  missingOutput: () =>
    defineModule({
      name: 'm',
      description: '',
      parameters: {},
      ports: () => ({ a: input.unsigned(1, ''), y: output.unsigned(1, ''), z: output.unsigned(1, '') }),
      // @ts-expect-error: z is missing
      body: (_, { a }) => ({ y: a }),
    }),
  outputOfTheWrongSign: () =>
    defineModule({
      name: 'm',
      description: '',
      parameters: {},
      ports: () => ({ a: input.unsigned(1, ''), y: output.signed(1, '') }),
      // @ts-expect-error: y is signed
      body: (_, { a }) => ({ y: a }),
    }),
  instances: (scope: Scope, u: Signal<'unsigned'>, s: Signal<'signed'>) => {
    const child = defineModule({
      name: 'child',
      description: '',
      parameters: { W: K },
      ports: ({ W }) => ({ a: input.unsigned(W, ''), b: input.signed(W, ''), y: output.signed(W, '') }),
      body: (_, { b }) => ({ y: b }),
    });
    return [
      // @ts-expect-error: input b is missing
      scope.instance('i', child, { W: 1 }, { a: u }),
      // @ts-expect-error: input b is signed
      scope.instance('i', child, { W: 1 }, { a: u, b: u }),
      // @ts-expect-error: parameter W is missing
      scope.instance('i', child, {}, { a: u, b: s }),
      // @ts-expect-error: an input is no output
      scope.instance('i', child, { W: 1 }, { a: u, b: s }).a,
      scope.instance('i', child, { W: 1 }, { a: u, b: s }).y.add(s),
    ];
  },
  noSuchInput: () =>
    defineModule({
      name: 'm',
      description: '',
      parameters: {},
      ports: () => ({ a: input.unsigned(1, ''), y: output.unsigned(1, '') }),
      // @ts-expect-error: an output cannot be read as an input
      body: (_, { y }) => ({ y }),
    }),
};

test('what TypeScript refuses is described above', () => {
  expect(Object.keys(refusedByTypes)).toHaveLength(7);
});
