/** Numbers and names as reports write them. */

/** So many significant digits at least, never in scientific notation; an absent value is a dash. */
export function significant(value: number | undefined, digits = 4): string {
  if (value === undefined) return ABSENT;
  if (value === 0) return '0';
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 12));
}

export function fixed(value: number | undefined, decimals: number): string {
  return value === undefined ? ABSENT : unsignedZero(value.toFixed(decimals));
}

/** A fraction in percent, without the sign for percent: that stands above the column. */
export function percent(fraction: number | undefined, decimals = 1): string {
  return fraction === undefined ? ABSENT : unsignedZero((fraction * 100).toFixed(decimals));
}

export const ABSENT = '–';

/** As part of a file name or of an anchor. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function unsignedZero(text: string): string {
  return /^-0(?:\.0*)?$/.test(text) ? text.slice(1) : text;
}
