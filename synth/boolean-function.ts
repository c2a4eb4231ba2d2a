/**
 * Functions of cells as Liberty writes them: `!x` and `x'` negate, `*`, `&` and juxtaposition are AND, `^` is
 * XOR, `+` and `|` are OR, from tight to loose.
 */

/** Output of a function for each assignment of its inputs: bit i of the index is the value of input i. */
export type TruthTable = readonly boolean[];

type Assignment = (name: string) => boolean;
type Term = (assignment: Assignment) => boolean;

/** @returns nothing when the text is not a function of these inputs */
export function truthTable(text: string, inputs: readonly string[]): TruthTable | undefined {
  const term = parse(text, new Set(inputs));
  if (term === undefined) return undefined;
  return Array.from({ length: 2 ** inputs.length }, (_, row) =>
    term((name) => ((row >> inputs.indexOf(name)) & 1) === 1),
  );
}

function parse(text: string, inputs: ReadonlySet<string>): Term | undefined {
  const tokens = text.match(/[A-Za-z_][\w[\]]*|[01]|[!'*&^+|()]/g) ?? [];
  let at = 0;
  const fail = Symbol('no function');

  const either = (): Term =>
    chain(exclusive, ['+', '|'], (left, right) => (values) => left(values) || right(values));
  const exclusive = (): Term =>
    chain(both, ['^'], (left, right) => (values) => left(values) !== right(values));
  const both = (): Term => {
    let left = negated();
    for (;;) {
      const token = tokens[at];
      if (token === '*' || token === '&') at += 1;
      // Juxtaposition: whatever can begin an operand.
      else if (token === undefined || !/^[\w(!]/.test(token)) return left;
      const [first, second] = [left, negated()];
      left = (values) => first(values) && second(values);
    }
  };
  const chain = (
    operand: () => Term,
    operators: readonly string[],
    join: (left: Term, right: Term) => Term,
  ): Term => {
    let left = operand();
    while (operators.includes(tokens[at] ?? '')) {
      at += 1;
      left = join(left, operand());
    }
    return left;
  };
  const negated = (): Term => {
    if (tokens[at] === '!') {
      at += 1;
      const inner = negated();
      return (values) => !inner(values);
    }
    let term = atom();
    while (tokens[at] === "'") {
      at += 1;
      const inner = term;
      term = (values) => !inner(values);
    }
    return term;
  };
  const atom = (): Term => {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const inner = either();
      if (tokens[at] !== ')') throw fail;
      at += 1;
      return inner;
    }
    if (token === '0' || token === '1') return () => token === '1';
    if (token === undefined || !inputs.has(token)) throw fail;
    return (values) => values(token);
  };

  try {
    const term = either();
    return at === tokens.length ? term : undefined;
  } catch (error) {
    if (error === fail) return undefined;
    throw error;
  }
}
