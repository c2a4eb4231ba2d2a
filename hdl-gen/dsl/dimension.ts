/**
 * Dimensions: integer expressions over parameters and generate-loop variables, such as `K + 32` or
 * `8 * MACS`. Every width, index and count of the language is one, so that the emitted Verilog keeps its
 * parameters.
 *
 * A dimension is a polynomial in canonical form: equal polynomials print alike, and `K + 1 - K` is `1`.
 * What the form cannot decide (is `clog2(MACS) >= 0`?) is decided by trying every declared value, see
 * {@link extremes}.
 */

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
  | { readonly kind: 'clog2' | 'pow2'; readonly text: string; readonly argument: Dimension }
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
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer`);
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
      text: /^\w+$/.test(`${argument}`) ? `(1 << ${argument})` : `(1 << (${argument}))`,
      argument,
    });
  }

  /** The larger of two; prefer {@link larger}, which drops the one that never is. */
  static max(left: Dimension, right: Dimension): Dimension {
    const text = `((${left}) > (${right}) ? (${left}) : (${right}))`;
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

  evaluate(assignment: Assignment): number {
    return this.#terms.reduce(
      (sum, { coefficient, factors }) =>
        sum + factors.reduce((product, factor) => product * evaluateFactor(factor, assignment), coefficient),
      0,
    );
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

  /** As Verilog writes it, without spaces: `8*MACS-1`. */
  toString(): string {
    if (this.#terms.length === 0) return '0';
    return this.#terms
      .map(({ coefficient, factors }, index) => {
        const magnitude = Math.abs(coefficient);
        const names = factors.map((factor) => factor.text);
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
 * @throws RangeError when no value satisfies them (dead hardware), or when there are too many to try.
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
  const variables = [dimension, ...relevant.map((guard) => guard.left.minus(guard.right))]
    .flatMap((part) => part.variables())
    .filter((variable, index, all) => all.indexOf(variable) === index);
  let minimum: Extreme | undefined;
  let maximum: Extreme | undefined;
  for (const assignment of assignments(variables)) {
    if (!relevant.every((guard) => holds(guard, assignment))) continue;
    const value = dimension.evaluate(assignment);
    if (!minimum || value < minimum.value) minimum = { value, at: new Map(assignment) };
    if (!maximum || value > maximum.value) maximum = { value, at: new Map(assignment) };
  }
  if (!minimum || !maximum) {
    throw new RangeError(`no declared value satisfies ${relevant.map(conditionText).join(' and ')}`);
  }
  return { minimum, maximum };
}

export function conditionText({ left, relation, right }: Condition): string {
  return `${left} ${relation} ${right}`;
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

function holds({ left, relation, right }: Condition, assignment: Assignment): boolean {
  const difference = left.evaluate(assignment) - right.evaluate(assignment);
  if (relation === '==') return difference === 0;
  return relation === '>=' ? difference >= 0 : difference < 0;
}

/** Beyond this many combinations a check would be felt; declare a smaller range or fewer variables. */
const MAX_COMBINATIONS = 2_000_000;

/** Every combination of values, one mutable map that is updated in place. */
function* assignments(variables: readonly Variable[]): Generator<Assignment> {
  const current = new Map<Variable, number>();
  let combinations = 0;
  function* from(index: number): Generator<Assignment> {
    const variable = variables[index];
    if (!variable) {
      combinations += 1;
      if (combinations > MAX_COMBINATIONS) {
        const names = variables.map(({ name }) => name).join(', ');
        throw new RangeError(`more than ${MAX_COMBINATIONS} values of (${names}) to check`);
      }
      yield current;
      return;
    }
    const last = variable.maximum.evaluate(current);
    for (let value = variable.minimum.evaluate(current); value <= last; value += 1) {
      current.set(variable, value);
      yield* from(index + 1);
    }
    current.delete(variable);
  }
  yield* from(0);
}

function ceilLog2(value: number): number {
  return value <= 1 ? 0 : 32 - Math.clz32(value - 1);
}

function evaluateFactor(factor: Factor, assignment: Assignment): number {
  switch (factor.kind) {
    case 'variable': {
      const value = assignment.get(factor.variable);
      if (value === undefined) throw new RangeError(`${factor.text} has no value here`);
      return value;
    }
    case 'local':
      return factor.value.evaluate(assignment);
    case 'clog2':
      return ceilLog2(factor.argument.evaluate(assignment));
    case 'pow2':
      return 2 ** factor.argument.evaluate(assignment);
    case 'max':
      return Math.max(factor.left.evaluate(assignment), factor.right.evaluate(assignment));
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
