/**
 * Dimensions: integer expressions over parameters and generate-loop variables, such as `K + 32` or
 * `8 * MACS`. Every width, index and count of the language is one, so that the emitted Verilog keeps its
 * parameters.
 *
 * A dimension is a polynomial in canonical form: equal polynomials print alike, and `K + 1 - K` is `1`.
 * What the form cannot decide (is `clog2(MACS) >= 0`?) is decided by trying every declared value, see
 * {@link extremes}.
 */

import { describeError } from './diagnostics.ts';

/** A number or a dimension: what every operation of the language takes where it needs a size. */
export type DimensionLike = number | Dimension;

/** A parameter of a module, or the variable of a generate loop, with the values it may take. */
export interface Variable {
  readonly kind: 'parameter' | 'genvar';
  readonly name: string;
  readonly minimum: Dimension;
  readonly maximum: Dimension;
}

/** The comparisons that a generate-if may make. */
export interface Condition {
  readonly left: Dimension;
  readonly relation: '==' | '>=' | '<';
  readonly right: Dimension;
}

type Factor =
  | { readonly kind: 'variable'; readonly text: string; readonly variable: Variable }
  | { readonly kind: 'local'; readonly text: string; readonly value: Dimension }
  | {
      readonly kind: 'clog2' | 'pow2' | 'half' | 'parity';
      readonly text: string;
      readonly argument: Dimension;
    }
  | {
      readonly kind: 'max';
      readonly text: string;
      readonly left: Dimension;
      readonly right: Dimension;
    };

interface Term {
  readonly coefficient: number;
  readonly factors: readonly Factor[];
}

/** Values of variables, by object: two modules may each have a parameter `K`. */
export type Assignment = ReadonlyMap<Variable, number>;

export class Dimension {
  readonly #terms: readonly Term[];

  private constructor(terms: readonly Term[]) {
    this.#terms = terms;
  }

  static of(value: DimensionLike): Dimension {
    return typeof value === 'number' ? Dimension.constant(value) : value;
  }

  static constant(value: number): Dimension {
    if (!Number.isSafeInteger(value)) {
      throw describeError(`${value} is not an integer`, 'widths, indices and counts are whole numbers');
    }
    return new Dimension(value === 0 ? [] : [{ coefficient: value, factors: [] }]);
  }

  static variable(variable: Variable): Dimension {
    return Dimension.#factor({ kind: 'variable', text: variable.name, variable });
  }

  /** A name that the Verilog declares as a localparam of this value. */
  static local(name: string, value: Dimension): Dimension {
    return Dimension.#factor({ kind: 'local', text: name, value });
  }

  /** ceil(log2(argument)), argument >= 1: the bits that count `argument` values. */
  static clog2(argument: Dimension): Dimension {
    const constant = argument.constantValue;
    if (constant !== undefined) return Dimension.constant(ceilLog2(constant));
    return Dimension.#factor({ kind: 'clog2', text: `$clog2(${argument})`, argument });
  }

  /** 2 to the power of the argument, argument >= 0. */
  static pow2(argument: Dimension): Dimension {
    const constant = argument.constantValue;
    if (constant !== undefined) return Dimension.constant(2 ** constant);
    return Dimension.#factor({
      kind: 'pow2',
      text: `(1 << ${argument.toOperand()})`,
      argument,
    });
  }

  /** floor(argument / 2), argument >= 0. */
  static half(argument: Dimension): Dimension {
    return Dimension.#factor({ kind: 'half', text: `(${argument.toOperand()}/2)`, argument });
  }

  /** argument modulo 2, argument >= 0. */
  static parity(argument: Dimension): Dimension {
    return Dimension.#factor({ kind: 'parity', text: `(${argument.toOperand()}%2)`, argument });
  }

  /** The larger of two; prefer {@link larger}, which drops the one that never is. */
  static max(left: Dimension, right: Dimension): Dimension {
    const text = `(${left} > ${right} ? ${left} : ${right})`;
    return Dimension.#factor({ kind: 'max', text, left, right });
  }

  static #factor(factor: Factor): Dimension {
    return new Dimension([{ coefficient: 1, factors: [factor] }]);
  }

  plus(other: DimensionLike): Dimension {
    return new Dimension(collect([...this.#terms, ...Dimension.of(other).#terms]));
  }

  minus(other: DimensionLike): Dimension {
    return this.plus(Dimension.of(other).times(-1));
  }

  times(other: DimensionLike): Dimension {
    const right = Dimension.of(other).#terms;
    const products = this.#terms.flatMap((a) =>
      right.map((b) => ({
        coefficient: a.coefficient * b.coefficient,
        factors: [...a.factors, ...b.factors].sort((f, g) => (f.text < g.text ? -1 : 1)),
      })),
    );
    return new Dimension(collect(products));
  }

  atLeast(other: DimensionLike): Condition {
    return { left: this, relation: '>=', right: Dimension.of(other) };
  }

  lessThan(other: DimensionLike): Condition {
    return { left: this, relation: '<', right: Dimension.of(other) };
  }

  equals(other: DimensionLike): Condition {
    return { left: this, relation: '==', right: Dimension.of(other) };
  }

  /** The value when it depends on nothing, else undefined. */
  get constantValue(): number | undefined {
    if (this.#terms.length === 0) return 0;
    const [first, ...rest] = this.#terms;
    return first && rest.length === 0 && first.factors.length === 0 ? first.coefficient : undefined;
  }

  /** What is added to the terms with variables: -1 in `3*K-1`. */
  get constantTerm(): number {
    return this.#terms.find(({ factors }) => factors.length === 0)?.coefficient ?? 0;
  }

  evaluate(assignment: Assignment): number {
    const places = new Map([...assignment.keys()].map((variable, place) => [variable, place]));
    return this.compile(places)([...assignment.values()]);
  }

  /** {@link evaluate} as a function of the variables' values in the given places, for many evaluations. */
  compile(places: ReadonlyMap<Variable, number>): (values: readonly number[]) => number {
    const terms = this.#terms.map(({ coefficient, factors }) => ({
      coefficient,
      factors: factors.map((factor) => compileFactor(factor, places)),
    }));
    return (values) => {
      let sum = 0;
      for (const { coefficient, factors } of terms) {
        let product = coefficient;
        for (const factor of factors) product *= factor(values);
        sum += product;
      }
      return sum;
    };
  }

  /** Whether the value is a straight line in the variable, whatever the others are. */
  isLinearIn(variable: Variable): boolean {
    const self = Dimension.variable(variable);
    return this.#terms.every(({ factors }) => {
      const about = factors.filter((factor) => Dimension.#factor(factor).variables().includes(variable));
      const [only] = about;
      return (
        about.length === 0 ||
        (about.length === 1 && only?.kind === 'variable' && only.text === self.toString())
      );
    });
  }

  /** The same expression with variables replaced, as an instance does with its parameters. */
  substitute(replacements: ReadonlyMap<Variable, Dimension>): Dimension {
    return this.#terms.reduce(
      (sum, { coefficient, factors }) =>
        sum.plus(
          factors.reduce(
            (product, factor) => product.times(substituteFactor(factor, replacements)),
            Dimension.constant(coefficient),
          ),
        ),
      Dimension.constant(0),
    );
  }

  /** Every variable that the value depends on, those of loop bounds included, bounds before loops. */
  variables(): readonly Variable[] {
    const found = new Set<Variable>();
    this.#collectVariables(found);
    return [...found];
  }

  #collectVariables(found: Set<Variable>): void {
    for (const factor of this.#terms.flatMap((term) => term.factors)) {
      switch (factor.kind) {
        case 'variable':
          factor.variable.minimum.#collectVariables(found);
          factor.variable.maximum.#collectVariables(found);
          found.add(factor.variable);
          break;
        case 'local':
          factor.value.#collectVariables(found);
          break;
        case 'max':
          factor.left.#collectVariables(found);
          factor.right.#collectVariables(found);
          break;
        default:
          factor.argument.#collectVariables(found);
      }
    }
  }

  /** As an operand of any operator: in parentheses unless it is a word, or has its own. */
  toOperand(): string {
    const [first, ...rest] = this.#terms;
    const [factor, ...others] = first?.factors ?? [];
    const isFactor = first?.coefficient === 1 && factor && others.length === 0 && rest.length === 0;
    if (isFactor) return factor.text;
    const text = `${this}`;
    return /^\w+$/.test(text) ? text : `(${text})`;
  }

  /** As Verilog writes it, without spaces: `8*MACS-1`. */
  toString(): string {
    if (this.#terms.length === 0) return '0';
    return this.#terms
      .map(({ coefficient, factors }, index) => {
        const magnitude = Math.abs(coefficient);
        // As a term of their own these need no parentheses, unless the sign of a first one were to bind tighter.
        const bare = factors.length === 1 && (coefficient === 1 || (coefficient === -1 && index > 0));
        const names = factors.map(({ kind, text }) =>
          bare && (kind === 'half' || kind === 'parity') ? text.slice(1, -1) : text,
        );
        const product = magnitude === 1 && names.length > 0 ? names : [String(magnitude), ...names];
        const sign = coefficient < 0 ? '-' : index === 0 ? '' : '+';
        return sign + product.join('*');
      })
      .join('');
  }
}

export function clog2(argument: DimensionLike): Dimension {
  return Dimension.clog2(Dimension.of(argument));
}

export function pow2(argument: DimensionLike): Dimension {
  return Dimension.pow2(Dimension.of(argument));
}

export function half(argument: DimensionLike): Dimension {
  return Dimension.half(Dimension.of(argument));
}

export function parity(argument: DimensionLike): Dimension {
  return Dimension.parity(Dimension.of(argument));
}

/** The larger of two dimensions; a comparison is left in the Verilog only where either can win. */
export function larger(a: Dimension, b: Dimension, guards: readonly Condition[] = []): Dimension {
  const { minimum, maximum } = extremes(a.minus(b), guards);
  if (minimum.value >= 0) return a;
  if (maximum.value <= 0) return b;
  return Dimension.max(a, b);
}

export interface Extreme {
  readonly value: number;
  /** Declared values of the variables at which it is taken. */
  readonly at: Assignment;
}

/**
 * The least and the greatest value over every declared value of the variables that satisfies the guards.
 *
 * @throws HardwareDescriptionError when there is no such value (dead hardware), or when there are too many to try
 */
export function extremes(
  dimension: Dimension,
  guards: readonly Condition[] = [],
): { readonly minimum: Extreme; readonly maximum: Extreme } {
  const constant = dimension.constantValue;
  if (constant !== undefined) {
    const only = { value: constant, at: new Map() };
    return { minimum: only, maximum: only };
  }
  const relevant = guardsAbout(dimension, guards);
  const variables = [dimension, ...relevant.map(({ left, right }) => left.minus(right))]
    .flatMap((part) => part.variables())
    .filter((variable, index, all) => all.indexOf(variable) === index);
  const places = new Map(variables.map((variable, place) => [variable, place]));
  const value = dimension.compile(places);
  const conditions = relevant.map(({ left, relation, right }) => {
    const difference = left.minus(right).compile(places);
    return (values: readonly number[]) => holds(relation, difference(values));
  });
  let lowest: { value: number; at: readonly number[] } | undefined;
  let highest: { value: number; at: readonly number[] } | undefined;
  for (const values of combinations(dimension, relevant, variables, places)) {
    if (!conditions.every((condition) => condition(values))) continue;
    const result = value(values);
    if (!lowest || result < lowest.value) lowest = { value: result, at: [...values] };
    if (!highest || result > highest.value) highest = { value: result, at: [...values] };
  }
  if (!lowest || !highest) {
    throw describeError(
      relevant.length > 0
        ? `no declared value satisfies ${relevant.map(conditionText).join(' and ')}`
        : `no value is declared for ${variables.map(rangeText).join(' and ')}`,
      'leave out what is never built, or widen the range of a parameter',
    );
  }
  const named = (at: readonly number[]): Assignment =>
    new Map(variables.map((variable, place) => [variable, at[place] ?? Number.NaN]));
  return {
    minimum: { value: lowest.value, at: named(lowest.at) },
    maximum: { value: highest.value, at: named(highest.at) },
  };
}

export function conditionText({ left, relation, right }: Condition): string {
  return `${left} ${relation} ${right}`;
}

function rangeText({ name, minimum, maximum }: Variable): string {
  return `${name} in ${minimum}..${maximum}`;
}

/** What holds where a condition does not. */
export function negate({ left, relation, right }: Condition): readonly Condition[] {
  switch (relation) {
    case '>=':
      return [{ left, relation: '<', right }];
    case '<':
      return [{ left, relation: '>=', right }];
    case '==':
      // Not equal is not a range: keep the check conservative by assuming nothing.
      return [];
  }
}

/** Only guards that share a variable with the dimension can narrow it. */
function guardsAbout(dimension: Dimension, guards: readonly Condition[]): readonly Condition[] {
  const variables = new Set(dimension.variables());
  return guards.filter((guard) =>
    guard.left
      .minus(guard.right)
      .variables()
      .some((variable) => variables.has(variable)),
  );
}

function holds(relation: Condition['relation'], difference: number): boolean {
  if (relation === '==') return difference === 0;
  return relation === '>=' ? difference >= 0 : difference < 0;
}

/** Beyond this many combinations a check would be felt. */
const MAX_COMBINATIONS = 2_000_000;

/**
 * Every combination of values that can be an extreme, as one array that is updated in place. Of a variable
 * in which the dimension is a straight line, and on which nothing else depends, only the ends can be.
 */
function* combinations(
  dimension: Dimension,
  guards: readonly Condition[],
  variables: readonly Variable[],
  places: ReadonlyMap<Variable, number>,
): Generator<readonly number[]> {
  const values: number[] = variables.map(() => 0);
  const ranges = variables.map((variable) => {
    const others = [
      ...variables
        .filter((other) => other !== variable)
        .flatMap(({ minimum, maximum }) => [minimum, maximum]),
      ...guards.flatMap(({ left, right }) => [left, right]),
    ];
    const isFree = !others.some((other) => other.variables().includes(variable));
    return {
      first: variable.minimum.compile(places),
      last: variable.maximum.compile(places),
      onlyEnds: isFree && dimension.isLinearIn(variable),
    };
  });
  let count = 0;
  function* from(place: number): Generator<readonly number[]> {
    const range = ranges[place];
    if (!range) {
      count += 1;
      if (count > MAX_COMBINATIONS) {
        const names = variables.map(({ name }) => name).join(', ');
        throw describeError(
          `more than ${MAX_COMBINATIONS} values of (${names}) to check`,
          'declare smaller ranges, or fewer variables in one width',
        );
      }
      yield values;
      return;
    }
    const first = range.first(values);
    const last = range.last(values);
    const step = range.onlyEnds ? Math.max(1, last - first) : 1;
    for (let value = first; value <= last; value += step) {
      values[place] = value;
      yield* from(place + 1);
    }
  }
  yield* from(0);
}

function ceilLog2(value: number): number {
  return value <= 1 ? 0 : 32 - Math.clz32(value - 1);
}

function compileFactor(
  factor: Factor,
  places: ReadonlyMap<Variable, number>,
): (values: readonly number[]) => number {
  switch (factor.kind) {
    case 'variable': {
      const place = places.get(factor.variable);
      if (place === undefined) throw new RangeError(`${factor.text} has no value here`);
      return (values) => values[place] ?? Number.NaN;
    }
    case 'local':
      return factor.value.compile(places);
    case 'clog2': {
      const argument = factor.argument.compile(places);
      return (values) => ceilLog2(argument(values));
    }
    case 'pow2': {
      const argument = factor.argument.compile(places);
      return (values) => 2 ** argument(values);
    }
    case 'half': {
      const argument = factor.argument.compile(places);
      return (values) => Math.floor(argument(values) / 2);
    }
    case 'parity': {
      const argument = factor.argument.compile(places);
      return (values) => argument(values) % 2;
    }
    case 'max': {
      const left = factor.left.compile(places);
      const right = factor.right.compile(places);
      return (values) => Math.max(left(values), right(values));
    }
  }
}

function substituteFactor(factor: Factor, replacements: ReadonlyMap<Variable, Dimension>): Dimension {
  switch (factor.kind) {
    case 'variable':
      return replacements.get(factor.variable) ?? Dimension.variable(factor.variable);
    case 'local':
      return factor.value.substitute(replacements);
    case 'clog2':
      return Dimension.clog2(factor.argument.substitute(replacements));
    case 'pow2':
      return Dimension.pow2(factor.argument.substitute(replacements));
    case 'half':
      return Dimension.half(factor.argument.substitute(replacements));
    case 'parity':
      return Dimension.parity(factor.argument.substitute(replacements));
    case 'max':
      return larger(factor.left.substitute(replacements), factor.right.substitute(replacements));
  }
}

/** Adds terms with the same factors; the constant goes last, zeros go away. */
function collect(terms: readonly Term[]): readonly Term[] {
  const byFactors = new Map<string, Term>();
  for (const term of terms) {
    const key = term.factors.map((factor) => factor.text).join('*');
    const coefficient = (byFactors.get(key)?.coefficient ?? 0) + term.coefficient;
    byFactors.set(key, { coefficient, factors: term.factors });
  }
  // A leading minus reads badly (`-1+K`): positive terms first, constants last among them.
  const rank = ({ coefficient, factors }: Term): number =>
    (factors.length === 0 ? 1 : 0) + (coefficient < 0 ? 2 : 0);
  return [...byFactors.values()]
    .filter(({ coefficient }) => coefficient !== 0)
    .sort((a, b) => rank(a) - rank(b));
}
