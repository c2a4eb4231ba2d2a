/**
 * What is being described right now: the module, and the generate conditions that hold at this point.
 * A description runs synchronously from top to bottom, so that one stack is enough.
 */
import type { Condition } from './dimension.ts';
import type { Statement } from './statement.ts';

interface Frame {
  readonly module: string;
  readonly guards: readonly Condition[];
  readonly statements: Statement[];
}

const stack: Frame[] = [];

/** Runs `describe` inside a new frame and returns the statements that it added. */
export function within(
  frame: { readonly module: string; readonly guards: readonly Condition[] },
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

/** Adds a statement at the point that is being described. */
export function emit(statement: Statement): void {
  const frame = stack.at(-1);
  if (!frame) throw new Error('hardware can be described only inside a module body');
  frame.statements.push(statement);
}
