/** Results as a table for spreadsheets and scripts: one row a point, units in the names of the columns. */
import type { AsicMetrics, Ice40Metrics, SweepResult } from './result.ts';

type Value = string | number | boolean | undefined;

const COLUMNS: Readonly<Record<string, (result: SweepResult) => Value>> = {
  target: ({ target }) => target.kind,
  library: ({ target }) => (target.kind === 'asic' ? target.library : undefined),
  device: ({ target }) => (target.kind === 'ice40' ? target.device : undefined),
  dsp: ({ target }) => (target.kind === 'ice40' ? target.dsp : undefined),
  macs: ({ macs }) => macs,
  k_bits: ({ k }) => k,
  arch: ({ arch }) => arch,
  pipeline_stages: ({ pipeline }) => pipeline,
  leading_one: ({ leadingOne }) => leadingOne,
  status: ({ status }) => status,
  area_um2: asic(({ areaUm2 }) => areaUm2),
  area_ge: asic(({ areaGe }) => areaGe),
  sequential_area_um2: asic(({ sequentialAreaUm2 }) => sequentialAreaUm2),
  combinational_area_um2: asic(({ combinationalAreaUm2 }) => combinationalAreaUm2),
  critical_path_ps: asic(({ criticalPathPs }) => criticalPathPs),
  critical_path_fo4: asic(({ criticalPathFo4 }) => criticalPathFo4),
  area_delay_um2_ns: asic(({ areaUm2, criticalPathPs }) =>
    Number(((areaUm2 * criticalPathPs) / 1000).toPrecision(10)),
  ),
  start_point: asic(({ startPoint }) => startPoint),
  end_point: asic(({ endPoint }) => endPoint),
  cells: asic(({ cellCounts }) => Object.values(cellCounts).reduce((sum, count) => sum + count, 0)),
  logic_cells: ice40(({ logicCells }) => logicCells),
  carry_cells: ice40(({ carryCells }) => carryCells),
  flip_flops: ice40(({ flipFlops }) => flipFlops),
  dsps: ice40(({ dsps }) => dsps),
  fmax_median_mhz: ice40(({ fmaxMhzMedian }) => fmaxMhzMedian),
  fmax_min_mhz: ice40(({ fmaxMhzMin }) => fmaxMhzMin),
  fmax_max_mhz: ice40(({ fmaxMhzMax }) => fmaxMhzMax),
  seeds: ice40(({ seeds }) => seeds),
  reason: (result) => (result.status === 'failed' ? result.reason : undefined),
};

export function resultsCsv(results: readonly SweepResult[]): string {
  const rows = results.map((result) => Object.values(COLUMNS).map((value) => field(value(result))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(',')}\n`).join('');
}

function asic(value: (metrics: AsicMetrics) => Value): (result: SweepResult) => Value {
  return (result) =>
    result.status === 'done' && 'areaUm2' in result.metrics ? value(result.metrics) : undefined;
}

function ice40(value: (metrics: Ice40Metrics) => Value): (result: SweepResult) => Value {
  return (result) =>
    result.status === 'done' && 'logicCells' in result.metrics ? value(result.metrics) : undefined;
}

/** Quoted where it holds what separates fields. */
function field(value: Value): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
