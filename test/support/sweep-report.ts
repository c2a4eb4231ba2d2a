/**
 * A sweep that nobody ran, for tests of reports: areas and delays follow the measured reference figures of
 * plain Verilog (areas exactly, delays roughly), `fast` is better by a factor that depends on k.
 */
import type { Architecture, PipelineDepth } from '../../hdl-gen/blocks/parameters.ts';
import type { LibraryFacts, Provenance, SweepPoint, SweepReport, SweepResult } from '../../synth/result.ts';

export interface SweepShape {
  readonly macs: readonly number[];
  readonly k: readonly number[];
  readonly arch: readonly Architecture[];
  readonly pipeline: readonly PipelineDepth[];
  readonly libraries: readonly LibraryFacts[];
  readonly devices: readonly { readonly device: 'hx8k' | 'up5k'; readonly dsp: boolean }[];
}

export const LIBRARIES: readonly LibraryFacts[] = [
  library('asap7_rvt_tt', 'NAND2x1_ASAP7_75t_R', 'INVx1_ASAP7_75t_R', 0.087, 9.4),
  library('sg13g2_stdcell_typ_1p20V_25C', 'sg13g2_nand2_1', 'sg13g2_inv_1', 7.2576, 48.2),
  library('npu_rescaler_generic', 'NAND2', 'INV', 1, 20),
];

export const FULL: SweepShape = {
  macs: [4, 8, 16],
  k: [32, 24, 16, 12, 8, 7, 6, 5, 4, 3, 2, 1],
  arch: ['plain', 'fast'],
  pipeline: [0, 1, 2],
  libraries: LIBRARIES,
  devices: [
    { device: 'hx8k', dsp: false },
    { device: 'up5k', dsp: true },
  ],
};

export function syntheticReport(shape: Partial<SweepShape> = {}): SweepReport {
  const { libraries, devices, ...rest } = { ...FULL, ...shape };
  return {
    generator: { name: 'npu-rescaler', version: '0.1.0' },
    libraries,
    results: [
      ...libraries.flatMap((facts) => pointsOf(rest).map((point) => asicResult(point, facts))),
      ...devices.flatMap((device) =>
        pointsOf({ ...rest, pipeline: [0] }).map((point) => ice40Result(point, device)),
      ),
    ],
  };
}

type Configuration = Omit<SweepPoint, 'target'>;

function pointsOf(shape: Pick<SweepShape, 'macs' | 'k' | 'arch' | 'pipeline'>): readonly Configuration[] {
  return shape.macs.flatMap((macs) =>
    shape.k.flatMap((k) =>
      shape.arch.flatMap((arch) =>
        shape.pipeline.map((pipeline) => ({ macs, k, arch, pipeline, leadingOne: 'explicit' as const })),
      ),
    ),
  );
}

function asicResult(point: Configuration, facts: LibraryFacts): SweepResult {
  const { macs, k, arch, pipeline } = point;
  const fast = arch === 'fast';
  const slow = 1 + facts.name.length / 90;
  // In plain 32-bit units of 4 MACs; gives -57.2, -46.8 and -34.8 % for k = 4 and 4, 8 and 16 MACs.
  const area =
    (0.128 + 0.0546 * macs + 0.02043 * k * (fast ? 0.9 : 1)) * (fast ? 0.95 : 1) + 0.012 * pipeline;
  const path =
    (0.29 + 0.035 * Math.log2(macs / 4) + 0.1417 * Math.log2(k) * (fast ? 0.75 : 1) * slow) *
    (fast ? 0.7 : 1);
  const areaUm2 = area * 7400 * facts.nand2AreaUm2;
  const criticalPathPs = (path / (1 + 0.6 * pipeline)) * 95 * facts.fo4Ps + 8 * facts.fo4Ps;
  const sequentialAreaUm2 = (0.11 + 0.004 * macs + 0.01 * pipeline) * 7400 * facts.nand2AreaUm2;
  return {
    ...point,
    target: { kind: 'asic', library: facts.name },
    status: 'done',
    metrics: {
      areaUm2,
      areaGe: areaUm2 / facts.nand2AreaUm2,
      sequentialAreaUm2,
      combinationalAreaUm2: areaUm2 - sequentialAreaUm2,
      criticalPathPs,
      criticalPathFo4: criticalPathPs / facts.fo4Ps,
      startPoint: 'acc[0]',
      endPoint: k > 2 ? 'result[7]' : 'acc[31]',
      cellCounts: { [facts.nand2]: Math.round(area * 3000), DFF: 80 },
    },
    provenance: provenance(point, `read_verilog unit.v\nsynth -flatten\nabc -liberty ${facts.name}.lib\n`, {
      [`${facts.name}.lib`]: hash(facts.name),
    }),
  };
}

function ice40Result(
  point: Configuration,
  { device, dsp }: { readonly device: 'hx8k' | 'up5k'; readonly dsp: boolean },
): SweepResult {
  const { macs, k, arch } = point;
  const target = { kind: 'ice40', device, dsp } as const;
  const fast = arch === 'fast' ? 0.85 : 1;
  const dsps = dsp ? macs + 2 * Math.ceil(k / 16) : 0;
  const logicCells = Math.round((350 + (dsp ? 20 : 205) * macs + (dsp ? 30 : 105) * k) * fast);
  if (dsps > 8)
    return { ...point, target, status: 'failed', reason: `does not fit: ${dsps} DSPs, up5k has 8` };
  if (logicCells > 7300) {
    const reason = `does not fit: at least ${logicCells + 372} logic cells with the wrapper, hx8k has 7680`;
    return { ...point, target, status: 'failed', reason };
  }
  const fmaxMhzMedian =
    (device === 'hx8k' ? 62 : 24) / (1 + 0.35 * Math.log2(k + 1) * fast + 0.1 * Math.log2(macs));
  return {
    ...point,
    target,
    status: 'done',
    metrics: {
      logicCells,
      carryCells: 180 + k,
      flipFlops: 72 + k,
      dsps,
      fmaxMhzMedian,
      fmaxMhzMin: fmaxMhzMedian * (0.97 - 0.001 * (k % 7)),
      fmaxMhzMax: fmaxMhzMedian * (1.025 + 0.001 * (k % 5)),
      seeds: 5,
    },
    provenance: provenance(point, 'synth_ice40\nnextpnr-ice40 --seed 1|2|3|4|5\n', {}),
  };
}

function provenance(
  { macs, k, arch, pipeline }: Configuration,
  script: string,
  inputs: Readonly<Record<string, string>>,
): Provenance {
  return {
    tools: ['@yowasp/yosys 0.55.944'],
    script,
    inputs: { 'dot_product_unit.v': hash(`${macs} ${k} ${arch} ${pipeline}`), ...inputs },
  };
}

/** Looks like a SHA-256. */
function hash(text: string): string {
  return [...text]
    .reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0)
    .toString(16)
    .padStart(64, 'a1');
}

function library(
  name: string,
  nand2: string,
  inverter: string,
  nand2AreaUm2: number,
  fo4Ps: number,
): LibraryFacts {
  return { name, nand2, nand2AreaUm2, inverter, fo4Ps, driver: `${inverter} at each input`, loadFf: 4 };
}
