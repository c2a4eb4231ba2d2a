/**
 * A described module as one Verilog-2005 file: readable, parameterized, lint-clean.
 */
import { conditionText, type Dimension } from '../dsl/dimension.ts';
import type { Vector, VectorType } from '../dsl/expression.ts';
import type { AnyModule } from '../dsl/index.ts';
import type { Statement } from '../dsl/statement.ts';
import { printExpression, printLines, printRange } from './expression.ts';

const LINE_LENGTH = 100;
const INDENT = '    ';

/**
 * @param defaults values of the parameters that the file declares, within their ranges
 * @param origin one line saying what made the file
 */
export function printModule(
  module: AnyModule,
  defaults: Readonly<Record<string, number>>,
  origin: string,
): string {
  const parameters = Object.entries(module.parameters).map(([name, spec]) => [
    ...commentLines(`${spec.description}, ${spec.minimum}..${spec.maximum}.`),
    `parameter ${name} = ${defaults[name] ?? spec.default}`,
  ]);
  const ports = Object.entries(module.ports).map(([name, { direction, sign, width, description }]) => [
    ...commentLines(`${description}.`),
    `${direction.padEnd(6)} wire ${printType({ sign, width })}${name}`,
  ]);
  const genvars = [...new Set(loopVariables(module.statements))];
  const lines = [
    ...commentLines(`${module.name}: ${module.description}`),
    '//',
    ...commentLines(origin),
    '`default_nettype none',
    '',
    parameters.length > 0 ? `module ${module.name} #(` : `module ${module.name} (`,
    ...(parameters.length > 0 ? [...indented(commaSeparated(parameters)), ') ('] : []),
    ...indented(commaSeparated(ports)),
    ');',
    ...indented(parameterChecks(module)),
    ...(genvars.length > 0 ? [`${INDENT}genvar ${genvars.join(', ')};`, ''] : []),
    ...indented(printStatements(module.statements, 'module')),
    'endmodule',
    '',
    '`default_nettype wire',
    '',
  ];
  return lines.join('\n');
}

/** A value outside the declared range stops every tool with a message that reads as one. */
function parameterChecks(module: AnyModule): readonly string[] {
  if (Object.keys(module.parameters).length === 0) return [];
  return [
    '// A parameter outside its range stops elaboration here: no such module exists.',
    'generate',
    ...Object.entries(module.parameters).map(
      ([name, { minimum, maximum }]) =>
        `${INDENT}if (${name} < ${minimum} || ${name} > ${maximum}) ${name}_is_outside_${minimum}_to_${maximum} stop_${name} ();`,
    ),
    'endgenerate',
    '',
  ];
}

function printStatements(statements: readonly Statement[], place: Place): readonly string[] {
  return statements.flatMap((statement, index) => {
    // A comment opens a paragraph.
    const gap = statement.kind === 'comment' && index > 0 ? [''] : [];
    return [...gap, ...printStatement(statement, place)];
  });
}

/** Verilog wants `generate` around the outermost loops and conditions only. */
type Place = 'module' | 'generate';

function printStatement(statement: Statement, place: Place): readonly string[] {
  switch (statement.kind) {
    case 'comment':
      return commentLines(statement.text);
    case 'localparam':
      return [
        `localparam ${statement.width === undefined ? '' : `[${statement.width - 1}:0] `}${statement.name} = ${statement.value};`,
      ];
    case 'wire':
      return statement.value
        ? assignment(`wire ${printType(statement.type)}${statement.name}`, statement.value, statement.type)
        : [`wire ${printType(statement.type)}${statement.name};`];
    case 'assign':
      return assignment(`assign ${printExpression(statement.target)}`, statement.value, statement.target);
    case 'register':
      return [`reg ${printType(statement.type)}${statement.name};`];
    case 'dropped':
      return [`wire ${statement.name} = &{1'b0, ${printExpression(statement.value)}}; // dropped on purpose`];
    case 'clocked':
      return printClocked(statement);
    case 'instance':
      return printInstance(statement);
    case 'for':
      return generated(place, printLoop(statement));
    case 'if':
      return generated(place, printChoice(statement));
  }
}

function printClocked(statement: Extract<Statement, { kind: 'clocked' }>): readonly string[] {
  const { clock, reset, enable, updates } = statement;
  const next = updates.flatMap(({ register, type, next: value }) => assignment(register, value, type, '<='));
  const resets = updates.flatMap(({ register, type, resetValue }) =>
    resetValue ? assignment(register, resetValue, type, '<=') : [],
  );
  const head = `always @(posedge ${printExpression(clock)})`;
  const update = enable ? [`if (${printExpression(enable)}) begin`, ...indented(next), 'end'] : undefined;
  if (!reset) return [`${head} begin`, ...indented(update ?? next), 'end'];
  const otherwise = enable ? `end else if (${printExpression(enable)}) begin` : 'end else begin';
  return [
    `${head} begin`,
    ...indented([
      `if (${printExpression(reset)}) begin`,
      ...indented(resets),
      otherwise,
      ...indented(next),
      'end',
    ]),
    'end',
  ];
}

function printInstance(statement: Extract<Statement, { kind: 'instance' }>): readonly string[] {
  const { module, name, parameters, connections } = statement;
  const values = [...parameters].map(([parameter, value]) => `.${parameter}(${value})`);
  const longest = Math.max(...connections.map(({ port }) => port.length));
  return [
    `${module} ${values.length > 0 ? `#(${values.join(', ')}) ` : ''}${name} (`,
    ...indented(
      commaSeparated(
        connections.map(({ port, type, signal }) => [
          `.${port.padEnd(longest)} (${printExpression(signal, type.width, type.sign)})`,
        ]),
      ),
    ),
    ');',
  ];
}

function printLoop(statement: Extract<Statement, { kind: 'for' }>): readonly string[] {
  const { genvar, descending, label, body } = statement;
  const { name, minimum, maximum } = genvar;
  const head = descending
    ? `for (${name} = ${maximum}; ${name} >= ${minimum}; ${name} = ${name} - 1)`
    : `for (${name} = ${minimum}; ${upperBound(name, maximum)}; ${name} = ${name} + 1)`;
  return [`${head} begin : ${label}`, ...indented(printStatements(body, 'generate')), 'end'];
}

/**
 * `i < MACS` reads better than `i <= MACS-1`. A constant that would be subtracted stands on the other side: tools
 * take the value of a parameter that is overridden on their command line as unsigned, and below zero such a
 * bound wraps to a loop without end.
 */
function upperBound(name: string, maximum: Dimension): string {
  const bound = maximum.plus(1);
  const subtracted = Math.max(0, -bound.constantTerm);
  return subtracted === 0 ? `${name} < ${bound}` : `${name} + ${subtracted} < ${bound.plus(subtracted)}`;
}

function printChoice(statement: Extract<Statement, { kind: 'if' }>): readonly string[] {
  const { cases, otherwise } = statement;
  return [
    ...cases.flatMap(({ condition, label, body }, index) => [
      `${index > 0 ? 'end else ' : ''}if (${conditionText(condition)}) begin : ${label}`,
      ...indented(printStatements(body, 'generate')),
    ]),
    `end else begin : ${otherwise.label}`,
    ...indented(printStatements(otherwise.body, 'generate')),
    'end',
  ];
}

function generated(place: Place, lines: readonly string[]): readonly string[] {
  return place === 'generate' ? lines : ['generate', ...indented(lines), 'endgenerate'];
}

function assignment(target: string, value: Vector, type: VectorType, operator = '='): readonly string[] {
  const parts = printLines(value, type.width);
  const line = `${target} ${operator} ${parts.join(' ')};`;
  if (line.length <= LINE_LENGTH && parts.length <= 2) return [line];
  return [
    `${target} ${operator}`,
    ...parts.map((part, index) => `${INDENT}${part}${index === parts.length - 1 ? ';' : ''}`),
  ];
}

function printType({ sign, width }: VectorType): string {
  return `${sign === 'signed' ? 'signed ' : ''}${printRange(width)}`;
}

function loopVariables(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap((statement) => {
    switch (statement.kind) {
      case 'for':
        return [statement.genvar.name, ...loopVariables(statement.body)];
      case 'if':
        return [...statement.cases, statement.otherwise].flatMap(({ body }) => loopVariables(body));
      default:
        return [];
    }
  });
}

function commaSeparated(items: readonly (readonly string[])[]): readonly string[] {
  return items.flatMap((lines, index) =>
    lines.map((line, at) => (at === lines.length - 1 && index < items.length - 1 ? `${line},` : line)),
  );
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? line : INDENT + line));
}

function commentLines(text: string): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    if (paragraph.startsWith(' ')) return [`//${paragraph}`];
    const lines: string[] = [];
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + word.length < LINE_LENGTH - 10) {
        lines[lines.length - 1] = `${last} ${word}`;
      } else {
        lines.push(`// ${word}`);
      }
    }
    return lines.map((line) => line.trimEnd());
  });
}
