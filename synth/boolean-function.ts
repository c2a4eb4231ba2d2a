/**
 * Functions of cells as Liberty writes them: `!x` and `x'` negate, `*`, `&` and juxtaposition are AND, `^` is
 * XOR, `+` and `|` are OR, from tight to loose.
 */

/** Output of a function for each assignment of its inputs: bit i of the index is the value of input i. */
export type TruthTable = readonly boolean[];

/** What the operators of a function mean. */
interface Algebra<T> {
  readonly constant: (value: boolean) => T;
  readonly input: (name: string) => T;
  readonly not: (term: T) => T;
  readonly and: (left: T, right: T) => T;
  readonly xor: (left: T, right: T) => T;
  readonly or: (left: T, right: T) => T;
}

type Term = (assignment: (name: string) => boolean) => boolean;

const VALUES: Algebra<Term> = {
  constant: (value) => () => value,
  input: (name) => (values) => values(name),
  not: (term) => (values) => !term(values),
  and: (left, right) => (values) => left(values) && right(values),
  xor: (left, right) => (values) => left(values) !== right(values),
  or: (left, right) => (values) => left(values) || right(values),
};

const VERILOG: Algebra<string> = {
  constant: (value) => (value ? "1'b1" : "1'b0"),
  input: (name) => name,
  not: (term) => `~${term}`,
  and: (left, right) => `(${left} & ${right})`,
  xor: (left, right) => `(${left} ^ ${right})`,
  or: (left, right) => `(${left} | ${right})`,
};

/** @returns nothing when the text is not a function of these inputs */
export function truthTable(text: string, inputs: readonly string[]): TruthTable | undefined {
  const term = parse(text, new Set(inputs), VALUES);
  if (term === undefined) return undefined;
  return Array.from({ length: 2 ** inputs.length }, (_, row) =>
    term((name) => ((row >> inputs.indexOf(name)) & 1) === 1),
  );
}

/** As an expression of Verilog; nothing when the text is not a function of these inputs. */
export function verilogExpression(text: string, inputs: readonly string[]): string | undefined {
  return parse(text, new Set(inputs), VERILOG);
}

function parse<T>(text: string, inputs: ReadonlySet<string>, algebra: Algebra<T>): T | undefined {
  const tokens = text.match(/[A-Za-z_][\w[\]]*|[01]|[!'*&^+|()]/g) ?? [];
  let at = 0;
  const fail = Symbol('no function');

  const either = (): T => chain(exclusive, ['+', '|'], algebra.or);
  const exclusive = (): T => chain(both, ['^'], algebra.xor);
  const both = (): T => {
    let left = negated();
    for (;;) {
      const token = tokens[at];
      if (token === '*' || token === '&') at += 1;
      // Juxtaposition: whatever can begin an operand.
      else if (token === undefined || !/^[\w(!]/.test(token)) return left;
      left = algebra.and(left, negated());
    }
  };
  const chain = (operand: () => T, operators: readonly string[], join: (left: T, right: T) => T): T => {
    let left = operand();
    while (operators.includes(tokens[at] ?? '')) {
      at += 1;
      left = join(left, operand());
    }
    return left;
  };
  const negated = (): T => {
    if (tokens[at] === '!') {
      at += 1;
      return algebra.not(negated());
    }
    let term = atom();
    while (tokens[at] === "'") {
      at += 1;
      term = algebra.not(term);
    }
    return term;
  };
  const atom = (): T => {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const inner = either();
      if (tokens[at] !== ')') throw fail;
      at += 1;
      return inner;
    }
    if (token === '0' || token === '1') return algebra.constant(token === '1');
    if (token === undefined || !inputs.has(token)) throw fail;
    return algebra.input(token);
  };

  try {
    const term = either();
    return at === tokens.length ? term : undefined;
  } catch (error) {
    if (error === fail) return undefined;
    throw error;
  }
}
