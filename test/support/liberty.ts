/** Small Liberty texts, and the libraries that a machine may have beside the project. */
import { existsSync } from 'node:fs';

/** Numbers by which a cell with one or two inputs and linear delay tables is described. */
export interface LinearCell {
  readonly name: string;
  readonly area: number;
  readonly inputs: readonly string[];
  readonly function: string;
  readonly capacitance?: number;
  /** delay = intrinsic + resistance * load + slewFactor * slew; the slew at the output is twice the load's part. */
  readonly intrinsic?: number;
  readonly resistance?: number;
  readonly slewFactor?: number;
  /** Lines inside the cell. */
  readonly extra?: string;
}

const SLEWS = [10, 100];
const LOADS = [1, 10];

export function linearCell(cell: LinearCell): string {
  const { intrinsic = 5, resistance = 2, slewFactor = 0.1, capacitance = 1 } = cell;
  const table = (kind: string, value: (slew: number, load: number) => number) =>
    `${kind} (grid) { values (${SLEWS.map((slew) => `"${LOADS.map((load) => value(slew, load)).join(', ')}"`).join(', \\\n')}); }`;
  const delay = (slew: number, load: number) => intrinsic + resistance * load + slewFactor * slew;
  const slewOf = (_slew: number, load: number) => 2 * resistance * load;
  const timing = cell.inputs.map(
    (input) => `timing () { related_pin : "${input}"; timing_sense : negative_unate;
      ${table('cell_rise', delay)}
      ${table('cell_fall', delay)}
      ${table('rise_transition', slewOf)}
      ${table('fall_transition', slewOf)}
    }`,
  );
  return `cell (${cell.name}) {
    area : ${cell.area};
    ${cell.extra ?? ''}
    ${cell.inputs.map((input) => `pin (${input}) { direction : input; capacitance : ${capacitance}; }`).join('\n    ')}
    pin (Y) { direction : output; function : "${cell.function}";
    ${timing.join('\n    ')}
    }
  }`;
}

export const FLIP_FLOP = `cell (DFF) { area : 6; ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (D) { direction : input; capacitance : 1; }
    pin (CK) { direction : input; capacitance : 1; clock : true; }
    pin (Q) { direction : output; function : "IQ"; }
  }`;

export const INVERTER: LinearCell = { name: 'INV', area: 1, inputs: ['A'], function: '!A' };
export const NAND2: LinearCell = { name: 'ND', area: 1.5, inputs: ['A', 'B'], function: "(A*B)'" };

export function libertyOf(
  cells: readonly string[],
  units = 'time_unit : "1ps"; capacitive_load_unit (1, ff);',
) {
  return `library (tiny) {
  ${units}
  lu_table_template (grid) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("${SLEWS.join(', ')}"); index_2 ("${LOADS.join(', ')}");
  }
  ${cells.join('\n  ')}
}
`;
}

export const TINY_LIBRARY = libertyOf([linearCell(INVERTER), linearCell(NAND2), FLIP_FLOP]);

const SHARED = '/work/shared/liberty';
/** Real libraries, which are no part of the project. */
export const REAL_LIBRARIES = [`${SHARED}/sg13g2_typ_1p20V_25C.lib`, `${SHARED}/asap7_rvt_tt.lib.gz`].filter(
  existsSync,
);
