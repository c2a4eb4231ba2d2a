/**
 * Expressions as Verilog-2005.
 *
 * Verilog decides the width of an operation from its context, which is where generated code usually goes
 * wrong. Here every leaf is extended by hand to exactly the width of the operation that it takes part in,
 * so that the context has nothing to decide, no tool pads or cuts, and lint has nothing to report. It is
 * exact because +, -, *, &, |, ^ and ?: commute with extension modulo 2^width; for the others the operand
 * stands at its own width.
 */
import type { Dimension } from '../dsl/dimension.ts';
import type { Sign, Vector } from '../dsl/expression.ts';

/** Precedence, tighter is lower; operands of the same or a looser level get parentheses. */
const LEVEL = {
  primary: 0,
  unary: 1,
  '*': 2,
  '+': 3,
  '-': 3,
  shift: 4,
  compare: 5,
  '&': 6,
  '^': 7,
  '|': 8,
  select: 9,
};

interface Text {
  readonly text: string;
  readonly level: number;
}

/** `vector` as an expression of exactly `width` bits whose Verilog sign is `sign`. */
export function printExpression(
  vector: Vector,
  width: Dimension = vector.width,
  sign: Sign = vector.sign,
): string {
  return render(vector, width, sign).text;
}

/** A chain of selections, one line each; anything else on one line. */
export function printLines(vector: Vector, width: Dimension): readonly string[] {
  const lines: string[] = [];
  let rest = vector;
  while (rest.expression.kind === 'select') {
    const { condition, operands } = rest.expression;
    const head = wrapped(render(condition, condition.width, 'unsigned'), LEVEL.select);
    lines.push(
      `${lines.length > 0 ? ': ' : ''}${head} ? ${printExpression(operands[0], width, vector.sign)}`,
    );
    rest = operands[1];
  }
  lines.push(`${lines.length > 0 ? ': ' : ''}${printExpression(rest, width, vector.sign)}`);
  return lines;
}

/** `[high:low]` of a declaration, nothing for a scalar. */
export function printRange(width: Dimension): string {
  return width.constantValue === 1 ? '' : `[${width.minus(1)}:0] `;
}

function render(vector: Vector, width: Dimension, sign: Sign): Text {
  const { expression } = vector;
  switch (expression.kind) {
    case 'name':
      return extended(vector, { text: expression.text, level: LEVEL.primary }, width, sign);
    case 'slice':
      return extended(
        vector,
        { text: printSlice(expression.base, expression.low, vector.width), level: LEVEL.primary },
        width,
        sign,
      );
    case 'literal':
      return renderLiteral(expression.value, vector, width, sign);
    case 'arithmetic':
    case 'bitwise': {
      const level = LEVEL[expression.operator];
      const [left, right] = expression.operands.map((operand) => render(operand, width, sign));
      if (!left || !right) throw new Error('an operation has two operands');
      // Few readers know that a shift binds tighter than &, ^ and |.
      const needsParentheses = (operand: Text) =>
        operand.level > level || (expression.kind === 'bitwise' && operand.level === LEVEL.shift);
      const leftText = needsParentheses(left) ? `(${left.text})` : left.text;
      const rightText = needsParentheses(right) ? `(${right.text})` : wrapped(right, level);
      return { text: `${leftText} ${expression.operator} ${rightText}`, level };
    }
    case 'modulo':
      return extended(vector, render(expression.operand, vector.width, vector.sign), width, sign);
    case 'select': {
      const [whenSet, otherwise] = expression.operands;
      const condition = wrapped(
        render(expression.condition, expression.condition.width, 'unsigned'),
        LEVEL.select,
      );
      const first = wrapped(render(whenSet, width, sign), LEVEL.select);
      return {
        text: `${condition} ? ${first} : ${render(otherwise, width, sign).text}`,
        level: LEVEL.select,
      };
    }
    case 'compare': {
      const [left, right] = expression.operands;
      const joint = left.sign;
      const a = wrapped(render(left, expression.width, joint), LEVEL.compare);
      const b = wrapped(render(right, expression.width, joint), LEVEL.compare);
      return extended(
        vector,
        { text: `${a} ${expression.operator} ${b}`, level: LEVEL.compare },
        width,
        sign,
      );
    }
    case 'not': {
      // Of a signed value the inverse extends as the value does; of an unsigned one it would gain ones.
      const inner = vector.sign === 'signed' ? width : vector.width;
      const text = `~${wrapped(render(expression.operand, inner, vector.sign), LEVEL.unary)}`;
      const inverse = { text, level: LEVEL.unary };
      return vector.sign === 'signed' ? inverse : extended(vector, inverse, width, sign);
    }
    case 'reduce':
      return extended(
        vector,
        { text: `${expression.operator}${primary(expression.operand)}`, level: LEVEL.unary },
        width,
        sign,
      );
    case 'shift': {
      const [value, amount] = expression.operands;
      const operator = expression.operator === '>>' && value.sign === 'signed' ? '>>>' : expression.operator;
      const left = wrapped(render(value, value.width, value.sign), LEVEL.shift);
      const right = wrapped(render(amount, amount.width, amount.sign), LEVEL.shift);
      return extended(vector, { text: `${left} ${operator} ${right}`, level: LEVEL.shift }, width, sign);
    }
    case 'place': {
      const operand = wrapped(render(expression.operand, vector.width, vector.sign), LEVEL.shift);
      const text = `${operand} << ${expression.amount.toOperand()}`;
      return extended(vector, { text, level: LEVEL.shift }, width, sign);
    }
    case 'concat':
      return extended(vector, { text: `{${printParts(vector)}}`, level: LEVEL.primary }, width, sign);
    case 'repeat':
      return extended(
        vector,
        { text: `{${expression.count}{${printExpression(expression.operand)}}}`, level: LEVEL.primary },
        width,
        sign,
      );
    case 'extend':
      return render(expression.operand, width, sign);
    case 'reinterpret': {
      const { operand } = expression;
      const inner = operand.expression;
      // The sign bit is repeated by hand, so that no cast is needed before the bits are read as unsigned.
      if (vector.sign === 'unsigned' && inner.kind === 'extend' && inner.operand.expression.kind === 'name') {
        return extended(vector, render(inner.operand, vector.width, 'unsigned'), width, sign);
      }
      const text =
        operand.sign === vector.sign
          ? printExpression(operand)
          : `$${vector.sign}(${printExpression(operand)})`;
      const top =
        operand.expression.kind === 'slice' || operand.expression.kind === 'name' ? operand : undefined;
      return extended(vector, { text, level: LEVEL.primary }, width, sign, top);
    }
  }
}

/** The parts of a concatenation without its braces; one inside another becomes parts of the outer one. */
function printParts(vector: Vector): string {
  const { expression } = vector;
  return expression.kind === 'concat'
    ? expression.parts.map((part) => printParts(part)).join(', ')
    : printExpression(vector);
}

/**
 * `text`, which stands for `vector` at its own width, in `width` bits.
 *
 * @param topSource where the sign bit is found, when that is not in `vector` itself
 */
function extended(
  vector: Vector,
  text: Text,
  width: Dimension,
  sign: Sign,
  topSource: Vector = vector,
): Text {
  const growth = width.minus(vector.width);
  if (growth.constantValue === 0) {
    return vector.sign === sign ? text : { text: `$${sign}(${text.text})`, level: LEVEL.primary };
  }
  const source = topSource === vector ? text.text : printExpression(topSource);
  const joined =
    vector.sign === 'signed'
      ? `{${fill(topBit(topSource), growth)}, ${source}}`
      : `{${zeros(growth)}, ${vector.expression.kind === 'concat' ? printParts(vector) : text.text}}`;
  return { text: sign === 'signed' ? `$signed(${joined})` : joined, level: LEVEL.primary };
}

function topBit({ expression, width }: Vector): string {
  switch (expression.kind) {
    case 'name':
      return width.constantValue === 1 ? expression.text : `${expression.text}[${width.minus(1)}]`;
    case 'slice':
      return `${expression.base}[${expression.low.plus(width).minus(1)}]`;
    default:
      throw new Error(`the sign of a ${expression.kind} can be extended only under a name: scope.wire()`);
  }
}

function fill(bit: string, count: Dimension): string {
  return count.constantValue === 1 ? bit : `{${count}{${bit}}}`;
}

function zeros(count: Dimension): string {
  const constant = count.constantValue;
  if (constant === 1) return "1'b0";
  return constant === undefined ? `{${count}{1'b0}}` : `${constant}'d0`;
}

function renderLiteral(value: bigint, vector: Vector, width: Dimension, sign: Sign): Text {
  const constant = width.constantValue;
  if (constant !== undefined) {
    return { text: sizedLiteral(value, constant, sign), level: value < 0n ? LEVEL.unary : LEVEL.primary };
  }
  const own = vector.width.constantValue;
  if (own === undefined) throw new Error('a literal has a constant width of its own');
  const growth = width.minus(own);
  const pattern = sizedLiteral(BigInt.asUintN(own, value), own, 'unsigned');
  const joined = `{${fill(value < 0n ? "1'b1" : "1'b0", growth)}, ${pattern}}`;
  return { text: sign === 'signed' ? `$signed(${joined})` : joined, level: LEVEL.primary };
}

function sizedLiteral(value: bigint, width: number, sign: Sign): string {
  if (sign === 'unsigned') return width === 1 ? `1'b${value}` : `${width}'d${value}`;
  if (value >= 0n) return `${width}'sd${value}`;
  // The least value has no positive counterpart of the same width to negate.
  if (value === -(1n << BigInt(width - 1))) return `${width}'sh${BigInt.asUintN(width, value).toString(16)}`;
  return `-${width}'sd${-value}`;
}

function printSlice(base: string, low: Dimension, width: Dimension): string {
  return width.constantValue === 1 ? `${base}[${low}]` : `${base}[${low.plus(width).minus(1)}:${low}]`;
}

function wrapped({ text, level }: Text, around: number): string {
  return level >= around ? `(${text})` : text;
}

function primary(operand: Vector): string {
  return wrapped(render(operand, operand.width, operand.sign), LEVEL.unary);
}
