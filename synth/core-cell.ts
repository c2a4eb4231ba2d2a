/** Which cells logic may be made of. */
import { attributeOf, type Group, groupsOf } from './liberty.ts';

/** A cell with one of these is for the border of a chip, of a voltage or of a clock, or not to be used at all. */
const NOT_CORE = [
  'dont_use',
  'pad_cell',
  'is_level_shifter',
  'is_isolation_cell',
  'clock_gating_integrated_cell',
];

/** Whether a cell may stand anywhere in logic: no pad, and none of the others whose function is not all that they do. */
function isCoreCell(cell: Group): boolean {
  return (
    !NOT_CORE.some((name) => isSet(cell, name)) && !groupsOf(cell, 'pin').some((pin) => isSet(pin, 'is_pad'))
  );
}

/** Libraries also say `dont_use : false`. */
function isSet(group: Group, name: string): boolean {
  return (attributeOf(group, name) ?? 'false').toLowerCase() !== 'false';
}

/** In the unit of the library; 0 where it gives none, NaN where that is no number. */
export function areaOf(cell: Group): number {
  return Number(attributeOf(cell, 'area') ?? 0);
}

/**
 * What the tools may choose from. Without an area a cell is no core cell to them: it would cost nothing, and
 * be taken wherever it can.
 */
export function isForTools(cell: Group): boolean {
  return isCoreCell(cell) && areaOf(cell) > 0;
}
