/** The configurations that a regression covers. */
import { DEFAULT_OPTIONS, type GenerateOptions } from '../hdl-gen/generate.ts';
import type { SimulatorName } from './simulators/index.ts';

/** Lists to combine; every combination is one configuration. */
export interface Matrix {
  readonly macs: readonly number[];
  readonly k: readonly number[];
  readonly arch: readonly GenerateOptions['arch'][];
  readonly pipeline: readonly GenerateOptions['pipeline'][];
  readonly leadingOne: readonly GenerateOptions['leadingOne'][];
  readonly units: readonly number[];
  readonly simulator: readonly SimulatorName[];
}

export interface Configuration {
  readonly options: GenerateOptions;
  readonly simulator: SimulatorName;
}

/** Every k at which the hardware changes its shape, MAC counts that are and are not powers of two. */
export const DEFAULT_MATRIX: Matrix = {
  macs: [1, 3, 8, 16],
  k: [1, 2, 4, 8, 32],
  arch: ['plain', 'fast'],
  pipeline: [0, 1, 2, 3],
  leadingOne: ['explicit'],
  units: [2],
  simulator: ['cxxrtl'],
};

export function configurations(matrix: Matrix): readonly Configuration[] {
  return matrix.simulator.flatMap((simulator) =>
    matrix.macs.flatMap((macs) =>
      matrix.k.flatMap((k) =>
        matrix.arch.flatMap((arch) =>
          matrix.leadingOne.flatMap((leadingOne) =>
            matrix.pipeline.flatMap((pipeline) =>
              matrix.units.map((units) => ({
                options: { macs, k, units, arch, pipeline, leadingOne },
                simulator,
              })),
            ),
          ),
        ),
      ),
    ),
  );
}

/** A few configurations with every option and every extreme among them: what `npm test` has time for. */
export function quickConfigurations(simulators: readonly SimulatorName[]): readonly Configuration[] {
  const corners: readonly Partial<GenerateOptions>[] = [
    {},
    { macs: 3, k: 1, arch: 'plain', pipeline: 3 },
    { macs: 1, k: 32, pipeline: 2, leadingOne: 'hidden' },
    { macs: 4, k: 7, arch: 'plain', pipeline: 1 },
  ];
  return simulators.flatMap((simulator) =>
    corners.map((corner) => ({ options: { ...DEFAULT_OPTIONS, units: 2, ...corner }, simulator })),
  );
}
