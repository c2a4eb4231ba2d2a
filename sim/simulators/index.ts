/** The simulators by name. */
import { createCxxrtl } from './cxxrtl.ts';
import { createIcarus } from './icarus.ts';
import type { Simulator, SimulatorName, SimulatorOptions } from './simulator.ts';
import { createVerilator } from './verilator.ts';

export { defaultCacheDirectory } from '../../tools/cache.ts';
export * from './rows.ts';
export * from './simulator.ts';

const creators: Readonly<Record<SimulatorName, (options?: SimulatorOptions) => Simulator>> = {
  cxxrtl: createCxxrtl,
  verilator: createVerilator,
  icarus: createIcarus,
};

export const simulatorNames = Object.keys(creators) as readonly SimulatorName[];

/** Creating never fails: whether a native simulator is installed shows when it compiles. */
export function createSimulator(name: SimulatorName, options?: SimulatorOptions): Simulator {
  return creators[name](options);
}
