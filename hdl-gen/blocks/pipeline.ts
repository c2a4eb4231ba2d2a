/**
 * Register stages inside a combinational path.
 */
import type { Bit, Scope, Sign, Signal } from '../dsl/index.ts';

type Signals = Readonly<Record<string, Signal<Sign>>>;

/** Called with everything that later steps need; returns the same signals, registered or not. */
export type Cut<Step extends string> = <S extends Signals>(after: Step, signals: S) => S;

/** A path without registers. */
export const noCut = <S extends Signals>(_after: string, signals: S): S => signals;

/** Registers after the given steps. They carry data, so they need no reset. */
export function registersAfter<Step extends string>(
  scope: Scope,
  clock: Bit,
  steps: readonly Step[],
): Cut<Step> {
  return <S extends Signals>(after: Step, signals: S): S => {
    if (!steps.includes(after)) return signals;
    const stage = steps.indexOf(after) + 1;
    scope.comment(`Register stage ${stage}: after the ${after}.`);
    const registers = Object.entries(signals).map(([name, signal]) => {
      const register = scope.register(`${name}_stage${stage}`, signal);
      return { name, register, update: register.becomes(signal) };
    });
    const [first, ...rest] = registers.map(({ update }) => update);
    if (first) scope.clocked({ clock }, first, ...rest);
    return Object.fromEntries(registers.map(({ name, register }) => [name, register])) as unknown as S;
  };
}
