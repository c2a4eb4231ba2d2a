/** From a regression on one simulator to a check of a sign-off. */
import { type ConfigurationResult, passed } from '../sim/campaign.ts';
import { describeValues, nonzero } from '../sim/values.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

export function simulationCheck(result: ConfigurationResult): CheckResult {
  const { configuration, outcome } = result;
  const check = `simulation, ${configuration.simulator}`;
  const about = { check, evidenceFile: evidenceFileOf(check) };
  if ('error' in outcome) {
    const method = 'vectors against the golden model';
    return { ...about, method, status: 'open', seconds: 0, findings: [outcome.error], evidence: outcome };
  }
  const { blocks, seconds } = outcome;
  const vectors = blocks.reduce((sum, block) => sum + block.vectors, 0);
  return {
    ...about,
    method: `${vectors.toLocaleString('en-US')} vectors against the golden model, every coverage bin hit`,
    status: passed(result) ? 'pass' : 'fail',
    seconds,
    findings: blocks.flatMap(({ block, emptyBins, failure }) =>
      failure
        ? [
            `${block}: mismatch; smallest case: ${failure.smallest.cycles
              .map((values) => describeValues(nonzero(values)) || 'all 0')
              .join(
                ' | ',
              )}; expected ${describeValues(failure.smallest.expected)}, actual ${describeValues(failure.smallest.actual)}`,
          ]
        : emptyBins.map((bin) => `${block}: never seen: ${bin}`),
    ),
    evidence: {
      blocks: blocks.map(({ block, vectors: count, bins, emptyBins, failure }) => ({
        block,
        vectors: count,
        bins,
        emptyBins,
        // The waveform is for `cosim` to write.
        failure: failure && { ...failure, waveform: undefined },
      })),
    },
  };
}
