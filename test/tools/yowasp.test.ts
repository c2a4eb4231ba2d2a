import { expect, test } from 'vitest';
import { runWasmTool } from '../../tools/yowasp.ts';

/** A tool that prints this and dies. */
function failure(printed: string): Promise<unknown> {
  return runWasmTool(
    'tool',
    (_, __, options) => {
      options?.stdout?.(Buffer.from(printed));
      throw new Error('unreachable');
    },
    [],
    {},
  );
}

test('a tool that fails is quoted by its error lines', async () => {
  await expect(failure('reading\nERROR: no such cell\nbye\n')).rejects.toThrow(
    /^tool failed:\nERROR: no such cell$/,
  );
});

test('one that ends without a word on it, by the last that it printed', async () => {
  await expect(failure('reading\nABC: + map\n\n')).rejects.toThrow(
    /^tool failed:\nit ended without an error message \(unreachable\); the last that it printed: ABC: \+ map$/,
  );
  await expect(failure('')).rejects.toThrow(
    /^tool failed:\nit ended without an error message \(unreachable\)$/,
  );
});
