/** Verilog around a design whose names cannot clash with C++ or with the harness itself. */
import { type Field, inputLayout, outputLayout } from './rows.ts';
import type { Design } from './simulator.ts';

export const HARNESS = 'npu_rescaler_harness';

export const inputName = (index: number): string => `input_${index}`;
export const outputName = (index: number): string => `output_${index}`;

/** An instance of the design: inputs on `input_<i>`, outputs on `output_<i>`, the clock on `clock`. */
export function instance(design: Design): string {
  const pins = [
    ...(design.clock === undefined ? [] : [`.${design.clock} (clock)`]),
    ...inputLayout(design).fields.map(({ port }, i) => `.${port.name} (${inputName(i)})`),
    ...outputLayout(design).fields.map(({ port }, i) => `.${port.name} (${outputName(i)})`),
  ];
  return `${design.top} ${design.top} (\n    ${pins.join(',\n    ')}\n  );`;
}

/** Declarations such as `input [36:0] input_0`, one a field. */
export function declarations(
  kind: string,
  fields: readonly Field[],
  name: (index: number) => string,
): string[] {
  return fields.map(({ port }, i) => `${kind} [${port.width - 1}:0] ${name(i)}`);
}
