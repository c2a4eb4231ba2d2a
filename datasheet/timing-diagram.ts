/** A trace as WaveJSON, the source that WaveDrom draws, and as the drawing. */
import wavedrom, { type WaveJson, type WaveLane, type WaveSignal } from 'wavedrom';
import type { Lane, Trace } from './trace.ts';

export type { WaveJson } from 'wavedrom';

/** @param title stands above */
export function timingDiagram({ common, units }: Trace, title: string): WaveJson {
  const cycles = common[0]?.values.length ?? 0;
  const spans = units.map(({ latency: { fromCycle, toCycle } }, unit) => {
    const [from, to] = [marker(2 * unit), marker(2 * unit + 1)];
    const between = '.'.repeat(toCycle - fromCycle - 1);
    return {
      lane: { node: `${'.'.repeat(fromCycle)}${from}${between}${to}` },
      edge: `${from}<->${to} ${toCycle - fromCycle} cycles`,
    };
  });
  const unitLanes = units.map(({ inputs, outputs }, unit): readonly WaveLane[] => [
    ...inputs.map(waveLane),
    spans[unit]?.lane ?? {},
    ...outputs.map(waveLane),
  ]);
  return {
    signal: [
      { name: 'clk', wave: `p${'.'.repeat(cycles - 1)}` },
      ...common.map(waveLane),
      ...(units.length === 1
        ? unitLanes.flat()
        : unitLanes.flatMap((lanes, unit): readonly WaveSignal[] => [{}, [`unit ${unit}`, ...lanes]])),
    ],
    edge: spans.map(({ edge }) => edge),
    head: { text: title, tick: 0 },
    config: { hscale: 1 },
  };
}

/** An SVG that needs nothing else. */
export function drawTimingDiagram(source: WaveJson): string {
  const [name, attributes, ...children] = wavedrom.renderAny(0, source, wavedrom.waveSkin);
  // Black lines, also on a dark page.
  const drawing = [name, { ...attributes, style: 'background: white' }, ...children] as const;
  return `${wavedrom.onml.stringify(drawing)}\n`;
}

function waveLane({ name, values }: Lane): WaveLane {
  const data: string[] = [];
  const wave = values.map((value, cycle) => {
    const before = values[cycle - 1];
    if (cycle > 0 && value === before && (value === undefined || typeof value === 'number')) return '.';
    if (value === undefined) return 'x';
    if (typeof value === 'number') return `${value}`;
    if (cycle > 0 && value === before) return '.';
    data.push(value);
    return '=';
  });
  return { name, wave: wave.join(''), ...(data.length > 0 ? { data } : {}) };
}

/** Capital letters are places that WaveDrom does not print. */
function marker(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
