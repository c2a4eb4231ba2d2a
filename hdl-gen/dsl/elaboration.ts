/**
 * What is being described right now: the module, and the generate conditions that hold at this point.
 * A description runs synchronously from top to bottom, so that one stack is enough.
 */
import type { Condition } from './dimension.ts';
import type { Statement } from './statement.ts';

interface Frame {
  readonly module: string;
  readonly guards: readonly Condition[];
  /** Names that are taken at this point. */
  readonly names: Set<string>;
  readonly statements: Statement[];
}

const stack: Frame[] = [];

/** Runs `describe` inside a new frame and returns the statements that it added. */
export function within(
  frame: Omit<Frame, 'statements'>,
  describe: (statements: Statement[]) => void,
): readonly Statement[] {
  const statements: Statement[] = [];
  stack.push({ ...frame, statements });
  try {
    describe(statements);
  } finally {
    stack.pop();
  }
  return statements;
}

export function currentModule(): string {
  return stack.at(-1)?.module ?? 'outside a module';
}

export function currentGuards(): readonly Condition[] {
  return stack.at(-1)?.guards ?? [];
}

/** Whether what is being described belongs to the scope whose names these are. */
export function describes(names: ReadonlySet<string>): boolean {
  return stack.at(-1)?.names === names;
}

/** The name, or if that is taken the first of `name_2`, `name_3`, ... that is not; taken from now on. */
export function freshName(name: string): string {
  const names = stack.at(-1)?.names ?? new Set();
  let free = name;
  for (let suffix = 2; names.has(free); suffix += 1) free = `${name}_${suffix}`;
  names.add(free);
  return free;
}

/** Adds a statement at the point that is being described. */
export function emit(statement: Statement): void {
  const frame = stack.at(-1);
  if (!frame) throw new Error('hardware can be described only inside a module body');
  frame.statements.push(statement);
}
