/**
 * Random expressions of the language, each with its meaning: exact integers, computed here and by nothing
 * of hdl-gen. What a node says about its width is computed here too, for every value of the parameter P.
 */
import fc from 'fast-check';
import { larger } from '../../hdl-gen/dsl/dimension.ts';
import {
  clog2,
  concat,
  Dimension,
  defineModule,
  input,
  type Module,
  output,
  type PortSpecs,
  repeat,
  type Scope,
  type Sign,
  type Signal,
  signedLiteral,
  unsignedLiteral,
} from '../../hdl-gen/dsl/index.ts';

type Signed = Signal<'signed'>;
type Unsigned = Signal<'unsigned'>;

/** The declared range of P. */
export const P_VALUES = [1, 2, 3, 4, 5, 6, 7, 8] as const;

interface Builder {
  readonly scope: Scope;
  readonly P: Dimension;
  readonly inputs: Readonly<Record<string, Signal<Sign>>>;
  readonly fresh: () => string;
}

export interface Environment {
  readonly p: number;
  readonly inputs: Readonly<Record<string, bigint>>;
}

interface Typed<S extends Sign> {
  readonly sign: S;
  readonly text: string;
  /** Width in bits, by p. */
  readonly width: (p: number) => number;
  readonly value: (environment: Environment) => bigint;
  readonly build: (builder: Builder) => Signal<S>;
}
type SignedNode = Typed<'signed'>;
type UnsignedNode = Typed<'unsigned'>;
export type Node = SignedNode | UnsignedNode;

const isSigned = (node: Node): node is SignedNode => node.sign === 'signed';
const least = ({ width }: Node): number => Math.min(...P_VALUES.map(width));
const greatest = ({ width }: Node): number => Math.max(...P_VALUES.map(width));
/** The value that `width` bits of this pattern have. */
const read = (sign: Sign, width: number, pattern: bigint): bigint =>
  sign === 'signed' ? BigInt.asIntN(width, pattern) : BigInt.asUintN(width, pattern);
const pattern = (node: Node, e: Environment): bigint => BigInt.asUintN(node.width(e.p), node.value(e));

// ---------------------------------------------------------------- leaves

type WidthOf = (p: number, P: Dimension) => { readonly bits: number; readonly dimension: Dimension };

const constantWidth =
  (bits: number): WidthOf =>
  () => ({ bits, dimension: Dimension.of(bits) });

interface InputPort {
  readonly name: string;
  readonly sign: Sign;
  readonly width: WidthOf;
}

const CONSTANT_INPUTS: readonly InputPort[] = [
  { name: 'u1', sign: 'unsigned', width: constantWidth(1) },
  { name: 'u5', sign: 'unsigned', width: constantWidth(5) },
  { name: 'u12', sign: 'unsigned', width: constantWidth(12) },
  { name: 's1', sign: 'signed', width: constantWidth(1) },
  { name: 's6', sign: 'signed', width: constantWidth(6) },
  { name: 's17', sign: 'signed', width: constantWidth(17) },
];

const SYMBOLIC_INPUTS: readonly InputPort[] = [
  { name: 'up', sign: 'unsigned', width: (p, P) => ({ bits: p, dimension: P }) },
  { name: 'uq', sign: 'unsigned', width: (p, P) => ({ bits: 2 * p + 3, dimension: P.times(2).plus(3) }) },
  {
    name: 'ul',
    sign: 'unsigned',
    width: (p, P) => ({ bits: Math.ceil(Math.log2(p + 5)), dimension: clog2(P.plus(5)) }),
  },
  { name: 'sp', sign: 'signed', width: (p, P) => ({ bits: p, dimension: P }) },
  { name: 'sq', sign: 'signed', width: (p, P) => ({ bits: 3 * p + 2, dimension: P.times(3).plus(2) }) },
  { name: 's9', sign: 'signed', width: constantWidth(9) },
];

function inputNode<S extends Sign>(sign: S, { name, width }: InputPort): Typed<S> {
  return {
    sign,
    text: name,
    width: (p) => width(p, Dimension.of(p)).bits,
    value: ({ inputs }) => inputs[name] ?? fail(`no input ${name}`),
    build: ({ inputs }) => (inputs[name] ?? fail(`no input ${name}`)) as Signal<S>,
  };
}

function fail(message: string): never {
  throw new Error(message);
}

function signedConstant(value: number, bits?: number): SignedNode {
  let needed = 1;
  while (value < -(2 ** (needed - 1)) || value >= 2 ** (needed - 1)) needed += 1;
  const wide = bits !== undefined && bits > needed ? bits : undefined;
  return {
    sign: 'signed',
    text: `${value}s${wide ?? ''}`,
    width: () => wide ?? needed,
    value: () => BigInt(value),
    build: () => signedLiteral(value, wide),
  };
}

function unsignedConstant(value: number, extra: number): UnsignedNode {
  let needed = 1;
  while (value >= 2 ** needed) needed += 1;
  return {
    sign: 'unsigned',
    text: `${value}u(${needed}+${extra}P)`,
    width: (p) => needed + extra * p,
    value: () => BigInt(value),
    build: ({ P }) => unsignedLiteral(value, P.times(extra).plus(needed)),
  };
}

// ---------------------------------------------------------------- names, where the language wants them

/** The same under a name of its own. */
function named<S extends Sign>(node: Typed<S>): Typed<S> {
  return { ...node, text: `<${node.text}>`, build: (b) => b.scope.wire(b.fresh(), node.build(b)) };
}

/** Operations whose signed results can be sign-extended only under a name. */
const namedIfSigned = <S extends Sign>(node: Typed<S>): Typed<S> =>
  node.sign === 'signed' ? named(node) : node;

// ---------------------------------------------------------------- operations on one operand

function extended<S extends Sign>(node: Typed<S>, by: number): Typed<S> {
  return {
    ...node,
    text: `${node.text}.extend(+${by})`,
    width: (p) => node.width(p) + by,
    build: (b) => {
      const signal = node.build(b);
      return signal.extend(signal.width.plus(by));
    },
  };
}

function toSigned(node: UnsignedNode): SignedNode {
  return {
    sign: 'signed',
    text: `${node.text}.toSigned()`,
    width: (p) => node.width(p) + 1,
    value: node.value,
    build: (b) => node.build(b).toSigned(),
  };
}

const anySigned = (node: Node): SignedNode => (isSigned(node) ? node : toSigned(node));

function asSigned(node: Node): SignedNode {
  return named({
    sign: 'signed',
    text: `${node.text}.asSigned()`,
    width: node.width,
    value: (e) => read('signed', node.width(e.p), node.value(e)),
    build: (b) => node.build(b).asSigned(),
  });
}

function asUnsigned(node: Node): UnsignedNode {
  return {
    sign: 'unsigned',
    text: `${node.text}.asUnsigned()`,
    width: node.width,
    value: (e) => pattern(node, e),
    build: (b) => node.build(b).asUnsigned(),
  };
}

const anyUnsigned = (node: Node): UnsignedNode => (isSigned(node) ? asUnsigned(node) : node);

function not<S extends Sign>(node: Typed<S> & Node): Typed<S> {
  return {
    sign: node.sign as S,
    text: `${node.text}.not()`,
    width: node.width,
    value: (e) => read(node.sign, node.width(e.p), ~node.value(e)),
    build: (b) => (node as Typed<S>).build(b).not(),
  };
}

const oneBit = (text: string, value: UnsignedNode['value'], build: UnsignedNode['build']): UnsignedNode => ({
  sign: 'unsigned',
  text,
  width: () => 1,
  value,
  build,
});

const any = (node: Node): UnsignedNode =>
  oneBit(
    `${node.text}.any()`,
    (e) => (node.value(e) === 0n ? 0n : 1n),
    (b) => node.build(b).any(),
  );
const all = (node: Node): UnsignedNode =>
  oneBit(
    `${node.text}.all()`,
    (e) => (pattern(node, e) === 2n ** BigInt(node.width(e.p)) - 1n ? 1n : 0n),
    (b) => node.build(b).all(),
  );

/** A part by a constant offset from the low end or the high end, of a constant or the remaining width. */
function slice(source: Node, choice: number): UnsignedNode {
  const node = named(source as Typed<Sign>);
  const narrow = least(source);
  const low = choice % narrow;
  const size = 1 + (Math.trunc(choice / 7) % (narrow - low));
  const part = (
    text: string,
    from: (width: number) => number,
    bits: (width: number) => number,
    build: (s: Signal<Sign>) => Unsigned,
  ): UnsignedNode => ({
    sign: 'unsigned',
    text: `${node.text}.${text}`,
    width: (p) => bits(node.width(p)),
    value: (e) => {
      const width = node.width(e.p);
      return BigInt.asUintN(bits(width), BigInt.asUintN(width, node.value(e)) >> BigInt(from(width)));
    },
    build: (b) => build(node.build(b)),
  });
  switch (choice % 5) {
    case 0:
      return part(
        `slice(${low}, ${size})`,
        () => low,
        () => size,
        (s) => s.slice(low, size),
      );
    case 1:
      return part(
        `slice(${low}, width-${low})`,
        () => low,
        (width) => width - low,
        (s) => s.slice(low, s.width.minus(low)),
      );
    case 2:
      return part(
        `slice(width-${size}, ${size})`,
        (width) => width - size,
        () => size,
        (s) => s.slice(s.width.minus(size), size),
      );
    case 3:
      return part(
        'top()',
        (width) => width - 1,
        () => 1,
        (s) => s.top(),
      );
    default:
      return part(
        `bit(${low})`,
        () => low,
        () => 1,
        (s) => s.bit(low),
      );
  }
}

/** The low bits, at least one fewer; the node itself where it cannot lose any. */
function wrap<S extends Sign>(source: Typed<S> & Node, choice: number): Typed<S> {
  if (least(source) < 2) return source;
  const node = named(source as Typed<S>);
  const drop = 1 + (choice % (least(source) - 1));
  return named({
    ...node,
    text: `${node.text}.wrap(width-${drop})`,
    width: (p) => node.width(p) - drop,
    value: (e) => read(node.sign, node.width(e.p) - drop, node.value(e)),
    build: (b) => {
      const signal = node.build(b);
      return signal.wrap(signal.width.minus(drop));
    },
  });
}

const bounded = (value: bigint, low: bigint, high: bigint): bigint =>
  value < low ? low : value > high ? high : value;

function saturate(source: SignedNode, choice: number): SignedNode {
  const node = named(source);
  const bits = 1 + (choice % least(source));
  const edge = 2n ** BigInt(bits - 1);
  return {
    sign: 'signed',
    text: `${node.text}.saturate(${bits})`,
    width: () => bits,
    value: (e) => bounded(node.value(e), -edge, edge - 1n),
    build: (b) => named2(b, node.build(b).saturate(bits)),
  };
}

/** Clamping selects among a part and the bounds; the part can be extended only under a name. */
function named2<S extends Sign>(b: Builder, signal: Signal<S>): Signal<S> {
  return b.scope.wire(b.fresh(), signal);
}

/** Between two constants whose widths differ as often as not. */
function clamp(source: SignedNode, choice: number): SignedNode {
  const node = named(source);
  const bits = Math.min(20, least(source));
  const span = 2 ** (bits - 1);
  const first = (choice % (2 * span)) - span;
  const second = (Math.trunc(choice / 3) % (2 * span)) - span;
  const low = signedConstant(Math.min(first, second));
  const high = signedConstant(Math.max(first, second));
  return {
    sign: 'signed',
    text: `${node.text}.clamp(${low.text}, ${high.text})`,
    width: (p) => Math.max(low.width(p), high.width(p)),
    value: (e) => bounded(node.value(e), low.value(e), high.value(e)),
    build: (b) => named2(b, node.build(b).clamp(low.build(b), high.build(b))),
  };
}

function repeated(node: Node, choice: number): UnsignedNode {
  const symbolic = choice % 3 === 0;
  const count = 1 + (choice % 3);
  const times = (p: number): number => (symbolic ? p : count);
  return {
    sign: 'unsigned',
    text: `repeat(${node.text}, ${symbolic ? 'P' : count})`,
    width: (p) => node.width(p) * times(p),
    value: (e) => {
      const one = pattern(node, e);
      let joined = 0n;
      for (let i = 0; i < times(e.p); i += 1) joined = (joined << BigInt(node.width(e.p))) | one;
      return joined;
    },
    build: (b) => repeat(node.build(b), symbolic ? b.P : count),
  };
}

// ---------------------------------------------------------------- operations on two operands

type BothOf<T> = readonly [T, T];

/** Runs `signed` or `unsigned` on two nodes of that sign; of mixed signs, the unsigned one grows a sign. */
function sameSign(a: Node, b: Node): BothOf<SignedNode> | BothOf<UnsignedNode> {
  if (!isSigned(a) && !isSigned(b)) return [a, b];
  return [anySigned(a), anySigned(b)];
}

type Binary = 'add' | 'addWrap' | 'sub' | 'and' | 'or' | 'xor' | 'equals' | 'lessThan' | 'greaterThan';

function binary(operation: Binary, a: Node, b: Node): Node {
  const [x, y] = sameSign(a, b);
  return isSigned(x)
    ? pair<'signed'>(operation, x, y as SignedNode)
    : pair<'unsigned'>(operation, x, y as UnsignedNode);
}

function pair<S extends Sign>(operation: Binary, a: Typed<S>, b: Typed<S>): Node {
  const widest = (p: number): number => Math.max(a.width(p), b.width(p));
  const text = `${a.text}.${operation}(${b.text})`;
  const compare = (holds: (x: bigint, y: bigint) => boolean): UnsignedNode =>
    oneBit(
      text,
      (e) => (holds(a.value(e), b.value(e)) ? 1n : 0n),
      (builder) => a.build(builder)[operation as 'equals' | 'lessThan' | 'greaterThan'](b.build(builder)),
    );
  const bitwise = (combine: (x: bigint, y: bigint) => bigint): Node =>
    ({
      sign: a.sign,
      text,
      width: widest,
      value: (e: Environment) => read(a.sign, widest(e.p), combine(a.value(e), b.value(e))),
      build: (builder: Builder) => {
        const [x, y] = [a.build(builder), b.build(builder)];
        const width = larger(x.width, y.width);
        return x.extend(width)[operation as 'and' | 'or' | 'xor'](y.extend(width));
      },
    }) as Node;
  switch (operation) {
    case 'add':
      return {
        sign: a.sign,
        text,
        width: (p: number) => widest(p) + 1,
        value: (e: Environment) => a.value(e) + b.value(e),
        build: (builder: Builder) => a.build(builder).add(b.build(builder)),
      } as Node;
    case 'addWrap':
      return namedIfSigned({
        sign: a.sign,
        text,
        width: widest,
        value: (e: Environment) => read(a.sign, widest(e.p), a.value(e) + b.value(e)),
        build: (builder: Builder) => a.build(builder).addWrap(b.build(builder)),
      }) as Node;
    case 'sub':
      return {
        sign: 'signed',
        text,
        width: (p) => widest(p) + 1,
        value: (e) => a.value(e) - b.value(e),
        build: (builder) => a.build(builder).sub(b.build(builder)),
      };
    case 'and':
      return bitwise((x, y) => x & y);
    case 'or':
      return bitwise((x, y) => x | y);
    case 'xor':
      return bitwise((x, y) => x ^ y);
    case 'equals':
      return compare((x, y) => x === y);
    case 'lessThan':
      return compare((x, y) => x < y);
    case 'greaterThan':
      return compare((x, y) => x > y);
  }
}

/** Signs may be mixed. */
function mul(a: Node, b: Node): Node {
  return {
    sign: isSigned(a) || isSigned(b) ? 'signed' : 'unsigned',
    text: `${a.text}.mul(${b.text})`,
    width: (p: number) => a.width(p) + b.width(p),
    value: (e: Environment) => a.value(e) * b.value(e),
    build: (builder: Builder) => (a.build(builder) as Signal<Sign>).mul(b.build(builder) as Signal<Sign>),
  } as Node;
}

function select(condition: Node, a: Node, b: Node): Node {
  const bit = greatest(condition) === 1 ? anyUnsigned(condition) : any(condition);
  const [x, y] = sameSign(a, b) as BothOf<SignedNode>;
  return {
    ...x,
    text: `(${bit.text} ? ${x.text} : ${y.text})`,
    width: (p) => Math.max(x.width(p), y.width(p)),
    value: (e) => (bit.value(e) === 1n ? x : y).value(e),
    build: (builder) => bit.build(builder).select(x.build(builder), y.build(builder)),
  };
}

/** Amounts of up to six bits: shifting by more than the width is part of it. */
function shift(direction: 'shiftRight' | 'shiftLeftWrap', node: Node, by: Node): Node {
  const short = greatest(by) <= 6 ? anyUnsigned(by) : low(by, Math.min(6, least(by)));
  const compute = (e: Environment): bigint => {
    const amount = short.value(e);
    const value = node.value(e);
    return direction === 'shiftRight' ? value >> amount : read(node.sign, node.width(e.p), value << amount);
  };
  return namedIfSigned({
    sign: node.sign,
    text: `${node.text}.${direction}(${short.text})`,
    width: node.width,
    value: compute,
    build: (b) => (node as Typed<Sign>).build(b)[direction](short.build(b)),
  } as Typed<Sign>) as Node;
}

function low(source: Node, bits: number): UnsignedNode {
  const node = named(source as Typed<Sign>);
  return {
    sign: 'unsigned',
    text: `${node.text}.slice(0, ${bits})`,
    width: () => bits,
    value: (e) => BigInt.asUintN(bits, node.value(e)),
    build: (b) => node.build(b).slice(0, bits),
  };
}

function concatenated(a: Node, b: Node): UnsignedNode {
  return {
    sign: 'unsigned',
    text: `{${a.text}, ${b.text}}`,
    width: (p) => a.width(p) + b.width(p),
    value: (e) => (pattern(a, e) << BigInt(b.width(e.p))) | pattern(b, e),
    build: (builder) => concat(a.build(builder), b.build(builder)),
  };
}

// ---------------------------------------------------------------- random trees

const UNARY = {
  extend: (a: Node, n: number): Node => extended(a as Typed<Sign>, 1 + (n % 4)) as Node,
  toSigned: (a: Node): Node => anySigned(a),
  asSigned,
  asUnsigned,
  not: (a: Node): Node => not(a as Typed<Sign> & Node) as Node,
  any,
  all,
  slice,
  wrap: (a: Node, n: number): Node => wrap(a as Typed<Sign> & Node, n) as Node,
  saturate: (a: Node, n: number): Node => saturate(anySigned(a), n),
  clamp: (a: Node, n: number): Node => clamp(anySigned(a), n),
  repeat: repeated,
  name: (a: Node): Node => named(a as Typed<Sign>) as Node,
};

const BINARY = {
  ...Object.fromEntries(
    (['add', 'addWrap', 'sub', 'and', 'or', 'xor', 'equals', 'lessThan', 'greaterThan'] as const).map(
      (operation) => [operation, (a: Node, b: Node): Node => binary(operation, a, b)],
    ),
  ),
  mul,
  concat: concatenated,
  shiftRight: (a: Node, b: Node): Node => shift('shiftRight', a, b),
  shiftLeftWrap: (a: Node, b: Node): Node => shift('shiftLeftWrap', a, b),
};

/** Wider than this, simulation slows down and nothing new shows. */
const WIDEST = 64;
const affordable = (result: Node, instead: Node): Node => (greatest(result) <= WIDEST ? result : instead);

const operand = fc.nat({ max: 1_000_000 });

function expressions(inputs: readonly InputPort[]): fc.Arbitrary<Node> {
  const symbolic = inputs === SYMBOLIC_INPUTS ? 1 : 0;
  const leaf = fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .constantFrom(...inputs)
        .map(
          (port): Node => (port.sign === 'signed' ? inputNode('signed', port) : inputNode('unsigned', port)),
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: -200, max: 200 }), fc.constantFrom(undefined, 12))
        .map(([value, bits]): Node => signedConstant(value, bits)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat({ max: 40 }), fc.integer({ min: 0, max: symbolic }))
        .map(([value, extra]): Node => unsignedConstant(value, extra)),
    },
  );
  return fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'large' },
      leaf,
      fc
        .tuple(fc.constantFrom(...Object.values(UNARY)), tie('node'), operand)
        .map(([operation, a, n]) => affordable(operation(a, n), a)),
      fc
        .tuple(fc.constantFrom(...Object.values(BINARY)), tie('node'), tie('node'))
        .map(([operation, a, b]) => affordable(operation(a, b), a)),
      fc
        .tuple(fc.constantFrom(...Object.values(BINARY)), tie('node'), tie('node'))
        .map(([operation, a, b]) => affordable(operation(a, b), a)),
      fc.tuple(tie('node'), tie('node'), tie('node')).map(([c, a, b]) => select(c, a, b)),
    ),
  })).node;
}

/** Every operation at least once on plain inputs, whatever chance brings. */
function everyOperation(inputs: readonly InputPort[]): readonly Node[] {
  const nodes: readonly Node[] = inputs.map((port) =>
    port.sign === 'signed' ? inputNode('signed', port) : inputNode('unsigned', port),
  );
  const from = (list: readonly Node[], index: number): Node => list[index % list.length] ?? fail('no inputs');
  const at = (index: number): Node => from(nodes, index);
  const signs = [nodes.filter(isSigned), nodes.filter((node) => !isSigned(node))];
  return [
    ...Object.values(UNARY).map((operation, i) => operation(at(i), 5 * i + 3)),
    ...Object.values(BINARY).flatMap((operation, i) => [
      operation(at(i), at(i + 1)),
      // What wraps, shifts or inverts goes on into something wider.
      ...signs.map((list) =>
        binary(
          'add',
          operation(from(list, i), from(list, i + 1)),
          extended(from(list, i) as Typed<Sign>, 9) as Node,
        ),
      ),
    ]),
    ...[0, 1, 2, 3, 4].map((choice) => slice(at(choice + 1), choice)),
    select(at(0), at(1), at(4)),
  ];
}

// ---------------------------------------------------------------- modules

export interface RandomModule {
  readonly module: Module;
  readonly inputs: readonly string[];
  /** Output `y<i>` shows expression i. */
  readonly nodes: readonly Node[];
  /** Where the language's idea of a width differs from ours. */
  readonly wrongWidths: readonly string[];
}

export function randomModule(
  name: string,
  kind: 'constant' | 'symbolic',
  { seed, count }: { readonly seed: number; readonly count: number },
): RandomModule {
  const inputs = kind === 'constant' ? CONSTANT_INPUTS : SYMBOLIC_INPUTS;
  const random = fc
    .sample(expressions(inputs), { seed, numRuns: 4 * count })
    .filter(({ text }) => text.length > 25)
    .slice(0, count);
  const nodes = [...everyOperation(inputs), ...random];
  const wrongWidths: string[] = [];
  // The ports of a module are declared before its body runs, so the body runs once to find the widths.
  const widths: Dimension[] = [];
  const trial = describeExpressions(`${name}_trial`, inputs, [], (builder) => {
    for (const node of nodes) widths.push((node.build(builder) as Signal<Sign>).width);
    return {};
  });
  const variable = trial.variables.get('P') ?? fail('no P');
  for (const [i, node] of nodes.entries()) {
    for (const p of P_VALUES) {
      const told = widths[i]?.evaluate(new Map([[variable, p]]));
      if (told !== node.width(p)) {
        wrongWidths.push(`${node.text} has ${node.width(p)} bits, not ${told}, where P = ${p}`);
      }
    }
  }
  const outputs = nodes.map(({ sign }, i) => ({ sign, width: widths[i] ?? fail('no width') }));
  const module = describeExpressions(
    name,
    inputs,
    outputs.map(({ sign, width }) => ({ sign, width: (P) => width.substitute(new Map([[variable, P]])) })),
    (builder) => Object.fromEntries(nodes.map((node, i) => [`y${i}`, node.build(builder) as Signal<Sign>])),
  );
  return { module, inputs: inputs.map((port) => port.name), nodes, wrongWidths };
}

function describeExpressions(
  name: string,
  inputs: readonly InputPort[],
  outputs: readonly { readonly sign: Sign; readonly width: (P: Dimension) => Dimension }[],
  body: (builder: Builder) => Readonly<Record<string, Signal<Sign>>>,
): Module {
  return defineModule({
    name,
    description: 'Random expressions.',
    parameters: { P: { minimum: 1, maximum: 8, default: 2, description: 'What widths depend on' } },
    ports: ({ P }): PortSpecs => ({
      ...Object.fromEntries(
        inputs.map((port) => [port.name, input[port.sign](port.width(1, P).dimension, 'An operand')]),
      ),
      ...Object.fromEntries(
        outputs.map(({ sign, width }, i) => [`y${i}`, output[sign](width(P), 'A result')]),
      ),
    }),
    body: (scope, signals, { P }) => {
      let wires = 0;
      const fresh = (): string => `t${wires++}`;
      return body({ scope, P, inputs: signals, fresh });
    },
  });
}

export type { Signed, Unsigned };
