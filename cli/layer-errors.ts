/** `npu-rescaler accuracy --layers`: what each k costs in each layer. */
import { setImmediate } from 'node:timers/promises';
import { type LayerError, layerErrors, type Samples } from '../accuracy/index.ts';
import { loadKernels, type NarrowArithmetic } from '../infer/index.ts';
import type { Model } from '../litert/index.ts';
import { counted } from './count.ts';
import { Progress } from './progress.ts';
import { orDataError } from './samples.ts';
import { alignedLines } from './table.ts';

export interface LayerFlags {
  readonly k: readonly number[];
  readonly multiplier: readonly ('truncate' | 'nearest')[];
  readonly scope: readonly ('all' | 'dot')[];
  readonly count: number;
  readonly json?: true;
}

interface Measured {
  readonly arithmetic: NarrowArithmetic;
  readonly layers: readonly LayerError[];
}

export async function showLayers(model: Model, samples: Samples, flags: LayerFlags): Promise<void> {
  const { k, multiplier, scope, json } = flags;
  const count = Math.min(flags.count, samples.count);
  const inputs = await orDataError(() => samples.load(0, count));
  const kernels = await loadKernels();
  const groups = scope.flatMap((one) =>
    multiplier.map((rounding) => k.map((width) => ({ k: width, rounding, scope: one }))),
  );
  const progress = new Progress(groups.flat().length);
  const measured: Measured[][] = [];
  for (const group of groups) {
    const row: Measured[] = [];
    for (const arithmetic of group) {
      row.push({ arithmetic, layers: layerErrors(model, inputs, arithmetic, kernels) });
      progress.step();
      await setImmediate(); // an interrupt gets its turn
    }
    measured.push(row);
  }
  progress.end();
  if (json) {
    console.log(JSON.stringify({ samples: count, errors: measured.flat() }, undefined, 2));
    return;
  }
  console.log([counted(count, 'sample'), ...measured.flatMap(tables)].join('\n'));
}

function tables(group: readonly Measured[]): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { rounding, scope } = first.arithmetic;
  const widths = group.map(({ arithmetic }) => `k ${arithmetic.k}`);
  const rows = (cell: (layer: LayerError) => string, keep: (layer: LayerError) => boolean = () => true) =>
    first.layers.flatMap((layer, i) =>
      keep(layer)
        ? [[`${layer.operator}`, layer.op, ...group.map(({ layers }) => cell(layers[i] ?? layer))]]
        : [],
    );
  const table = (body: readonly (readonly string[])[]) =>
    alignedLines(
      [['#', 'operator', ...widths], ...body],
      ['right', 'left', ...widths.map(() => 'right' as const)],
    );
  return [
    '',
    `${rounding} ${scope}: signal to noise of the output against stock, dB: the layer alone, and with all before it`,
    ...table(rows(({ ownDb, totalDb }) => `${decibels(ownDb)} ${decibels(totalDb).padStart(4)}`)),
    '',
    `${rounding} ${scope}: error of rescaling in steps of the output, rms: measured, and by Eq. (5)`,
    ...table(
      rows(
        ({ errorModel }) =>
          errorModel === undefined
            ? ''
            : `${errorModel.measuredRms.toFixed(3)} ${errorModel.predictedRms.toFixed(3)}`,
        ({ errorModel }) => errorModel !== undefined,
      ),
    ),
    greatestRounding(group),
  ];
}

function greatestRounding(group: readonly Measured[]): string {
  const checks = group.flatMap(({ layers }) => layers.flatMap(({ errorModel }) => errorModel ?? []));
  const greatest = checks.reduce((most, check) => Math.max(most, check.greatestRounding), 0);
  const outputs = checks.reduce((sum, check) => sum + check.outputs, 0);
  return `greatest rounding term over ${outputs.toLocaleString('en-US')} outputs: ${greatest} (Eq. 5 allows 1/2)`;
}

/** Of equal outputs: 'same'. */
function decibels(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(0) : 'same';
}
