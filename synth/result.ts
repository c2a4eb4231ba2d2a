/**
 * What a sweep computes: one result a point, units in the names. `results.json` is a {@link SweepReport}.
 */
import type { Architecture, LeadingOne, PipelineDepth } from '../hdl-gen/blocks/parameters.ts';

/** One configuration of the dot-product unit on one target. */
export interface SweepPoint {
  readonly macs: number;
  readonly k: number;
  readonly arch: Architecture;
  readonly pipeline: PipelineDepth;
  readonly leadingOne: LeadingOne;
  readonly target: Target;
}

export type Target =
  /** `library`: the name that the Liberty file gives itself. */
  | { readonly kind: 'asic'; readonly library: string }
  /** `device`: hx8k, or up5k where DSPs are used. */
  | { readonly kind: 'ice40'; readonly device: 'hx8k' | 'up5k'; readonly dsp: boolean };

/** Standard cells: pre-layout, after buffering and sizing. */
export interface AsicMetrics {
  readonly areaUm2: number;
  /** Area in NAND2 equivalents of the library. */
  readonly areaGe: number;
  readonly sequentialAreaUm2: number;
  readonly combinationalAreaUm2: number;
  readonly criticalPathPs: number;
  /** Critical path in delays of an inverter that drives four of its kind, in the same library. */
  readonly criticalPathFo4: number;
  /** Port or register where the critical path starts and ends, by its name in the Verilog. */
  readonly startPoint: string;
  readonly endPoint: string;
  readonly cellCounts: Readonly<Record<string, number>>;
}

/** iCE40 FPGA: after place and route. */
export interface Ice40Metrics {
  readonly logicCells: number;
  readonly carryCells: number;
  readonly flipFlops: number;
  readonly dsps: number;
  /** Over `seeds` placements. */
  readonly fmaxMhzMedian: number;
  readonly fmaxMhzMin: number;
  readonly fmaxMhzMax: number;
  readonly seeds: number;
}

/** What the result depends on; together it decides whether a cached result still holds. */
export interface Provenance {
  /** Tool and version, as it prints it. */
  readonly tools: readonly string[];
  readonly script: string;
  /** SHA-256 of every input, by name. */
  readonly inputs: Readonly<Record<string, string>>;
}

export type SweepResult =
  | (SweepPoint & {
      readonly status: 'done';
      readonly metrics: AsicMetrics | Ice40Metrics;
      readonly provenance: Provenance;
    })
  | (SweepPoint & { readonly status: 'failed'; readonly reason: string });

/** A library, as reports describe it. */
export interface LibraryFacts {
  readonly name: string;
  /** The cell that one gate equivalent is. */
  readonly nand2: string;
  readonly nand2AreaUm2: number;
  /** The inverter whose delay, driving four of its kind, is one FO4. */
  readonly inverter: string;
  readonly fo4Ps: number;
  /** Driver of the inputs and load of the outputs, as the script sets them. */
  readonly driver: string;
  readonly loadFf: number;
}

export interface SweepReport {
  readonly generator: { readonly name: string; readonly version: string };
  readonly libraries: readonly LibraryFacts[];
  readonly results: readonly SweepResult[];
}
