/** Refuses a value that is not an integer in min..max, naming value, limit and remedy. */
export function checkInteger(name: string, value: number, min: number, max: number, remedy: string): void {
  if (!Number.isInteger(value)) throw new RangeError(`${name} = ${value} is not an integer; ${remedy}`);
  if (value < min || value > max) {
    throw new RangeError(`${name} = ${value} is outside ${min}..${max}; ${remedy}`);
  }
}
