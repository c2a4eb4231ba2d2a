/** Evaluates constant Verilog expressions, such as `8*MACS-1` or `$clog2(K+25)`, with nothing of hdl-gen. */

/** @throws Error on anything but numbers, the given names, + - * / % << > ?: ( ) and $clog2 */
export function evaluateVerilog(expression: string, values: Readonly<Record<string, number>>): number {
  const names = Object.keys(values);
  const rest = expression.replace(/\$clog2|[A-Za-z_]\w*/g, (word) =>
    word === '$clog2' || names.includes(word) ? ' ' : word,
  );
  if (!/^[\d\s+\-*/%<>?:()]*$/.test(rest)) throw new Error(`'${expression}' is more than an expression`);
  // Of bigints, / and % are the integer operations that Verilog has.
  const body = expression.replace(/\$clog2|\b\d+\b/g, (word) => (word === '$clog2' ? 'clog2' : `${word}n`));
  const calculate = new Function('clog2', ...names, `return ${body};`);
  return Number(calculate(verilogClog2, ...Object.values(values).map(BigInt)));
}

/** As the standard says it: the shifts until nothing is left of argument - 1. */
function verilogClog2(argument: bigint): bigint {
  let result = 0n;
  for (let rest = argument - 1n; rest > 0n; rest >>= 1n) result += 1n;
  return result;
}
