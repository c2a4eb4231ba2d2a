/** Verilog of what the rows of a multiplication in radix 4 (Booth) should be. */

/** A digit as wire `name`: middle + below - 2 * high, that is -2 to 2. */
export function digitWire(
  name: string,
  { high, middle, below }: { readonly high: string; readonly middle: string; readonly below: string },
): string {
  return `wire signed [2:0] ${name} = {2'd0, ${below}} + {2'd0, ${middle}} - {1'b0, ${high}, 1'b0};`;
}

/** A value times a digit as wire `name`, without multiplying; two bits wider than the value loses nothing. */
export function timesDigitWire(name: string, width: number, value: string, digit: string): string {
  const products = { '1': value, '2': `(${value} <<< 1)`, '-1': `-${value}`, '-2': `-(${value} <<< 1)` };
  const cases = Object.entries(products).map(([factor, product]) => `${digit} == ${factor} ? ${product} : `);
  return `wire signed [${width - 1}:0] ${name} = ${cases.join('')}${width}'sd0;`;
}
