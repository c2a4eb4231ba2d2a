/** Which tables a report has, as text in cells: Markdown and HTML say the same. */
import { ARCHITECTURES } from '../../hdl-gen/blocks/parameters.ts';
import type { LibraryFacts, SweepPoint, SweepReport } from '../result.ts';
import {
  type AsicRow,
  alternatives,
  areaDelay,
  asicGroups,
  cellsDelay,
  change,
  failures,
  find,
  type Group,
  gain,
  type Ice40Row,
  ice40Groups,
  isOnFront,
  PAPER,
  plainOf,
  simplest,
  targetName,
  valuesOf,
} from './model.ts';
import { ABSENT, fixed, percent, significant } from './text.ts';

export interface Table {
  readonly title: string;
  /** With units. */
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'text';
}

/** How a column gets its cells. */
interface Field<Row> {
  readonly name: string;
  readonly kind: Column['kind'];
  readonly cell: (row: Row) => string;
}

/** The paper's claims, in one architecture each: k from 32 to 4, and from 32 to 8. */
export function claimsTable(report: SweepReport): Table | undefined {
  const measured = asicGroups(report).flatMap(({ name, rows }) => claimRows(name, simplest(rows)));
  const counts = new Set(measured.map(([, , macs]) => Number(macs)));
  const claimed = [...PAPER.areaChange].filter(([macs]) => counts.has(macs));
  if (claimed.length === 0) return undefined;
  const paper = claimed.map(([macs, area]) => [
    'paper, 16 nm',
    '',
    String(macs),
    percent(area),
    PAPER.pathChange,
    PAPER.adpGainAt8,
    PAPER.adpGainAt4,
  ]);
  return {
    title: 'Against the paper',
    columns: [
      { name: 'library', kind: 'text' },
      { name: 'arch', kind: 'text' },
      { name: 'MACs', kind: 'number' },
      { name: 'area, k 32 to 4 (%)', kind: 'number' },
      { name: 'critical path, k 32 to 4 (%)', kind: 'number' },
      { name: 'area-delay gain, k 32 to 8 (times)', kind: 'number' },
      { name: 'area-delay gain, k 32 to 4 (times)', kind: 'number' },
    ],
    rows: [...paper, ...measured],
  };
}

function claimRows(library: string, rows: readonly AsicRow[]): readonly (readonly string[])[] {
  const units = rows.filter(({ k }) => k === 32);
  return units
    .toSorted((a, b) => compareArch(a, b) || a.macs - b.macs)
    .flatMap((at32) => {
      const at8 = find(rows, { ...at32, k: 8 });
      const at4 = find(rows, { ...at32, k: 4 });
      if (!at8 && !at4) return [];
      const adp = areaDelay(at32.metrics);
      return [
        [
          library,
          at32.arch,
          String(at32.macs),
          percent(at4 && change(at4.metrics.areaUm2, at32.metrics.areaUm2)),
          percent(at4 && change(at4.metrics.criticalPathPs, at32.metrics.criticalPathPs)),
          fixed(at8 && gain(areaDelay(at8.metrics), adp), 2),
          fixed(at4 && gain(areaDelay(at4.metrics), adp), 2),
        ],
      ];
    });
}

/** Area-delay against the plain 32-bit unit of the same library, one column a library. */
export function comparisonTable(report: SweepReport): Table | undefined {
  const libraries = asicGroups(report).map(({ name, rows }) => ({ name, rows: simplest(rows) }));
  if (libraries.length < 2) return undefined;
  const points = distinctPoints(libraries.flatMap(({ rows }) => rows));
  const cells = (point: SweepPoint) =>
    libraries.flatMap(({ rows }) => {
      const row = find(rows, point);
      const plain = row && plainOf(rows, row, 32);
      return [
        percent(row && change(row.metrics.areaUm2, plain?.metrics.areaUm2)),
        percent(row && change(row.metrics.criticalPathPs, plain?.metrics.criticalPathPs)),
        fixed(row && gain(areaDelay(row.metrics), plain && areaDelay(plain.metrics)), 2),
      ];
    });
  return {
    title: 'Every library against its plain 32-bit unit',
    columns: [
      { name: 'MACs', kind: 'number' },
      { name: 'k', kind: 'number' },
      { name: 'arch', kind: 'text' },
      ...libraries.flatMap(({ name }): readonly Column[] => [
        { name: `${name}: area (%)`, kind: 'number' },
        { name: `${name}: path (%)`, kind: 'number' },
        { name: `${name}: area-delay gain (times)`, kind: 'number' },
      ]),
    ],
    rows: points.map((point) => [String(point.macs), String(point.k), point.arch, ...cells(point)]),
  };
}

/** One row a point. */
export function asicTable({ name, rows }: Group<AsicRow>): Table {
  const plain32 = (row: AsicRow) => plainOf(rows, row, 32)?.metrics;
  const samePlain = (row: AsicRow) => plainOf(rows, row, row.k)?.metrics;
  const adp = (metrics: AsicRow['metrics'] | undefined) => metrics && areaDelay(metrics);
  const choice = rows.some((row) => alternatives(rows, row).length > 1);
  return tableOf(`Points in ${name}`, rows, [
    ...pointFields(rows),
    number('area (um2)', ({ metrics }) => significant(metrics.areaUm2, 5)),
    number('area (GE)', ({ metrics }) => fixed(metrics.areaGe, 0)),
    number('of it registers (%)', ({ metrics }) => percent(metrics.sequentialAreaUm2 / metrics.areaUm2)),
    number('critical path (ps)', ({ metrics }) => fixed(metrics.criticalPathPs, 0)),
    number('critical path (FO4)', ({ metrics }) => fixed(metrics.criticalPathFo4, 1)),
    number('area-delay (um2 ns)', ({ metrics }) => significant(areaDelay(metrics), 5)),
    number('area against plain k=32 (%)', (row) =>
      percent(change(row.metrics.areaUm2, plain32(row)?.areaUm2)),
    ),
    number('path against plain k=32 (%)', (row) =>
      percent(change(row.metrics.criticalPathPs, plain32(row)?.criticalPathPs)),
    ),
    number('area-delay gain on plain k=32 (times)', (row) =>
      fixed(gain(areaDelay(row.metrics), adp(plain32(row))), 2),
    ),
    number('area-delay gain on plain, same k (times)', (row) =>
      fixed(gain(areaDelay(row.metrics), adp(samePlain(row))), 2),
    ),
    ...(choice ? [text<AsicRow>('on the front', (row) => (isOnFront(rows, row) ? 'yes' : ''))] : []),
    text('critical path from', ({ metrics }) => metrics.startPoint),
    text('to', ({ metrics }) => metrics.endPoint),
  ]);
}

export function ice40Table({ name, rows }: Group<Ice40Row>): Table {
  const plain32 = (row: Ice40Row) => plainOf(rows, row, 32)?.metrics;
  const samePlain = (row: Ice40Row) => plainOf(rows, row, row.k)?.metrics;
  const product = (metrics: Ice40Row['metrics'] | undefined) => metrics && cellsDelay(metrics);
  return tableOf(`Points on ${name}`, rows, [
    ...pointFields(rows),
    number('logic cells', ({ metrics }) => String(metrics.logicCells)),
    number('carry cells', ({ metrics }) => String(metrics.carryCells)),
    number('flip-flops', ({ metrics }) => String(metrics.flipFlops)),
    number('DSPs', ({ metrics }) => String(metrics.dsps)),
    number('fmax, median (MHz)', ({ metrics }) => fixed(metrics.fmaxMhzMedian, 2)),
    number('fmax, least (MHz)', ({ metrics }) => fixed(metrics.fmaxMhzMin, 2)),
    number('fmax, greatest (MHz)', ({ metrics }) => fixed(metrics.fmaxMhzMax, 2)),
    number('seeds', ({ metrics }) => String(metrics.seeds)),
    number('cells against plain k=32 (%)', (row) =>
      percent(change(row.metrics.logicCells, plain32(row)?.logicCells)),
    ),
    number('fmax against plain k=32 (%)', (row) =>
      percent(change(row.metrics.fmaxMhzMedian, plain32(row)?.fmaxMhzMedian)),
    ),
    number('cells-delay gain on plain k=32 (times)', (row) =>
      fixed(gain(cellsDelay(row.metrics), product(plain32(row))), 2),
    ),
    number('cells-delay gain on plain, same k (times)', (row) =>
      fixed(gain(cellsDelay(row.metrics), product(samePlain(row))), 2),
    ),
  ]);
}

/** One table a library and FPGA, in the order of the chapters. */
export function pointTables(
  report: SweepReport,
): readonly { readonly name: string; readonly table: Table }[] {
  return [
    ...asicGroups(report).map((group) => ({ name: group.name, table: asicTable(group) })),
    ...ice40Groups(report).map((group) => ({ name: group.name, table: ice40Table(group) })),
  ];
}

export function libraryTable({ libraries }: SweepReport): Table | undefined {
  if (libraries.length === 0) return undefined;
  return tableOf('Libraries', libraries, [
    text<LibraryFacts>('library', ({ name }) => name),
    text('1 GE is the area of', ({ nand2 }) => nand2),
    number('its area (um2)', ({ nand2AreaUm2 }) => significant(nand2AreaUm2, 5)),
    text('FO4 inverter', ({ inverter }) => inverter),
    number('FO4 (ps)', ({ fo4Ps }) => significant(fo4Ps, 4)),
    text('driver of inputs', ({ driver }) => driver),
    number('load of outputs (fF)', ({ loadFf }) => significant(loadFf, 4)),
  ]);
}

export function failureTable(report: SweepReport): Table | undefined {
  const failed = failures(report);
  if (failed.length === 0) return undefined;
  return tableOf('Points that failed', failed, [
    text('target', ({ point }) => targetName(point.target)),
    number('MACs', ({ point }) => String(point.macs)),
    number('k', ({ point }) => String(point.k)),
    text('arch', ({ point }) => point.arch),
    number('pipeline', ({ point }) => String(point.pipeline)),
    text('leading one', ({ point }) => point.leadingOne),
    text('reason', ({ reason }) => reason.replaceAll(/\s+/g, ' ').trim()),
  ]);
}

/** What tells points apart; where all points agree, the text above the table says so. */
function pointFields<Row extends SweepPoint>(rows: readonly Row[]): readonly Field<Row>[] {
  const { pipelines, leadingOnes } = choices(rows);
  return [
    number('MACs', ({ macs }) => String(macs)),
    number('k', ({ k }) => String(k)),
    text('arch', ({ arch }) => arch),
    ...(pipelines.length > 1 ? [number<Row>('pipeline', ({ pipeline }) => String(pipeline))] : []),
    ...(leadingOnes.length > 1 ? [text<Row>('leading one', ({ leadingOne }) => leadingOne)] : []),
  ];
}

/** What all rows have in common and the columns therefore do not say. */
export function inCommon(rows: readonly SweepPoint[]): string {
  const { pipelines, leadingOnes } = choices(rows);
  const said = [
    ...(pipelines.length === 1 ? [`pipeline ${pipelines[0]}`] : []),
    ...(leadingOnes.length === 1 ? [`leading one ${leadingOnes[0]}`] : []),
  ];
  return said.length === 0 ? '' : `All points: ${said.join(', ')}.`;
}

function choices(rows: readonly SweepPoint[]) {
  return {
    pipelines: valuesOf(rows, ({ pipeline }) => pipeline),
    leadingOnes: valuesOf(rows, ({ leadingOne }) => leadingOne),
  };
}

function distinctPoints(rows: readonly AsicRow[]): readonly AsicRow[] {
  const first = rows.filter((row) => find(rows, row) === row);
  return first.toSorted((a, b) => a.macs - b.macs || b.k - a.k || compareArch(a, b));
}

function compareArch(a: SweepPoint, b: SweepPoint): number {
  return ARCHITECTURES.indexOf(a.arch) - ARCHITECTURES.indexOf(b.arch);
}

function tableOf<Row>(title: string, rows: readonly Row[], fields: readonly Field<Row>[]): Table {
  return {
    title,
    columns: fields.map(({ name, kind }) => ({ name, kind })),
    rows: rows.map((row) => fields.map(({ cell }) => cell(row) || ABSENT)),
  };
}

function number<Row>(name: string, cell: (row: Row) => string): Field<Row> {
  return { name, kind: 'number', cell };
}

function text<Row>(name: string, cell: (row: Row) => string): Field<Row> {
  return { name, kind: 'text', cell };
}
