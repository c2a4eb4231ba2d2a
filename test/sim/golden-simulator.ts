/** A simulator that needs no compiling: it answers what a bench expects, with a bug where one is wanted. */
import type { Bench } from '../../sim/bench.ts';
import type { Response, Simulator } from '../../sim/simulators/index.ts';

/** Changes golden's answer for a stimulus, in place. */
export type Bug = (response: { outputs: Uint32Array; unknown: Uint32Array }, stimulus: Uint32Array) => void;

export function goldenSimulator(benches: readonly Bench[], bug: Bug = () => undefined) {
  const runs: Uint32Array[] = [];
  let disposed = 0;
  const simulator: Simulator = {
    name: 'cxxrtl',
    requireInstalled: async () => undefined,
    async compile(design) {
      const bench = benches.find((one) => one.design === design);
      if (!bench) throw new Error(`there is no bench for ${design.top}`);
      return {
        fingerprint: design.top,
        async run(stimulus): Promise<Response> {
          runs.push(stimulus);
          const outputs = bench.expect(stimulus).outputs.slice();
          const response = { outputs, unknown: new Uint32Array(outputs.length) };
          bug(response, stimulus);
          return response;
        },
        waveform: async (stimulus) => `waveform of ${stimulus.length} words`,
        dispose: async () => {
          disposed += 1;
        },
      };
    },
  };
  return { simulator, runs, disposed: () => disposed };
}
