import { describe, expect, test } from 'vitest';
import { readModel } from '../../litert/index.ts';
import { randomFrom } from '../../train/random.ts';
import { descend, descendAdaptively, type OptimizerState } from '../../train/rat/optimizer.ts';
import { parametersOf, parameterUnits, parameterValues } from '../../train/rat/parameters.ts';
import { smallModel } from './small-model.ts';

const parameters = parametersOf(readModel(smallModel(3)));
const units = parameterUnits(parameters);
const RULE = { learningRate: 0.01, momentum: 0.9, gradientLimit: 1e9 };

function begin(): OptimizerState {
  const values = parameterValues(parameters);
  const [velocity, squares] = [new Float64Array(values.length), new Float64Array(values.length)];
  return { values, velocity, squares };
}

function gradients(count: number): readonly Float64Array[] {
  const next = randomFrom(7);
  return Array.from({ length: count }, () => units.map((unit) => unit * (next() - 0.3)));
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('Adam', () => {
  test('moves by the weighted mean of the gradients over the root of that of their squares', () => {
    const state = begin();
    const seen = gradients(6);
    seen.forEach((gradient, t) => {
      const before = state.values.slice();
      descendAdaptively(state, gradient, parameters, units, RULE, t + 1);
      for (const { tensor, operator, start, end } of parameters.tensors) {
        const real = (i: number) => (tensor.role === 'bias' ? (units[i] ?? 0) : 1);
        const energies = Array.from(
          before.subarray(start, end),
          (value, i) => (value * real(start + i)) ** 2,
        );
        const least = tensor.role === 'bias' ? operator.output.scale : 1;
        const size = Math.max(least, Math.sqrt(sum(energies) / energies.length));
        for (let i = start; i < end; i++) {
          const mean = (decay: number, of: (g: number) => number) => {
            const shares = seen.slice(0, t + 1).map((_, age) => decay ** (t - age));
            return sum(shares.map((share, age) => share * of(seen[age]?.[i] ?? 0))) / sum(shares);
          };
          const direction = mean(0.9, (g) => g) / Math.sqrt(mean(0.999, (g) => g * g));
          const wanted = (-0.01 * size * direction) / real(i);
          expect((state.values[i] ?? 0) - (before[i] ?? 0)).toBeCloseTo(wanted, 9);
        }
      }
    });
  });

  test('stays where there has never been a gradient', () => {
    const state = begin();
    descendAdaptively(state, new Float64Array(units.length), parameters, units, RULE, 1);
    expect(state.values).toEqual(begin().values);
  });
});

describe('plain descent', () => {
  test('moves real weights by the rate times their gradient, and no further than its limit', () => {
    const [gradient = new Float64Array()] = gradients(1);
    const real = gradient.map((g, i) => g / (units[i] ?? 1));
    const norm = Math.sqrt(sum([...real].map((g) => g * g)));
    for (const gradientLimit of [2 * norm, norm / 2]) {
      const state = begin();
      expect(descend(state, gradient, units, { ...RULE, gradientLimit })).toBeCloseTo(norm, 9);
      const shortened = Math.min(1, gradientLimit / norm);
      state.values.forEach((value, i) => {
        const moved = (value - (begin().values[i] ?? 0)) * (units[i] ?? 0);
        expect(moved).toBeCloseTo(-0.01 * shortened * (real[i] ?? 0), 9);
      });
    }
  });
});
