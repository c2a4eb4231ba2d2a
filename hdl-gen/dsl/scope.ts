/**
 * A scope: the body of a module, or of a generate block inside it, while it is being described.
 */
import { describeError, type HardwareDescriptionError } from './diagnostics.ts';
import {
  type Condition,
  Dimension,
  type DimensionLike,
  extremes,
  negate,
  type Variable,
} from './dimension.ts';
import { currentGuards, currentModule, describes, emit, within } from './elaboration.ts';
import type { Sign, Vector, VectorType } from './expression.ts';
import { requireIdentifier } from './identifier.ts';
import type { InputSignals, Module, OutputSignals, ParameterSpecs, PortSpecs } from './ports.ts';
import { type AnySignal, type Bit, fitted, literal, named, requireBit, Signal } from './signal.ts';
import type { Block, Update } from './statement.ts';

/** A register: a signal that takes a new value at a clock edge; see {@link Scope.clocked}. */
export class Register<S extends Sign> extends Signal<S> {
  readonly name: string;
  readonly resetValue: Vector<S> | undefined;

  constructor(name: string, type: VectorType<S>, resetValue: Vector<S> | undefined) {
    super(type.sign, type.width, { kind: 'name', text: name });
    this.name = name;
    this.resetValue = resetValue;
  }

  /** The value after the next edge, as an update for {@link Scope.clocked}. */
  becomes(next: Signal<S>): Update {
    return {
      register: this.name,
      type: { sign: this.sign, width: this.width },
      resetValue: this.resetValue,
      next: fitted(`${currentModule()}.${this.name}`, next, this.width),
    };
  }
}

export function signed(width: DimensionLike): VectorType<'signed'> {
  return { sign: 'signed', width: Dimension.of(width) };
}

export function unsigned(width: DimensionLike): VectorType<'unsigned'> {
  return { sign: 'unsigned', width: Dimension.of(width) };
}

type MemberTypes = Readonly<Record<string, VectorType>>;
type MemberSignals<M extends MemberTypes> = { readonly [N in keyof M]: Signal<M[N]['sign']> };

/** The blocks of a generate loop, seen from outside or from one of them: `at(i)` is block i's signals. */
export interface Family<M extends MemberTypes> {
  at(index: DimensionLike): MemberSignals<M>;
}

/** What one case of {@link Scope.chooseFirst} describes. */
interface Branch<S extends Sign> {
  readonly label: string;
  readonly describe: (block: Scope) => Signal<S>;
}

export class Scope {
  /** Names that this scope or one around it declares. */
  readonly #names: Set<string>;
  /** Loop variables of the whole module: Verilog declares them beside its wires. */
  readonly #genvars: Set<string>;
  /** Registers that are not updated yet, each with what to say if it never is. */
  readonly #pendingRegisters = new Map<string, HardwareDescriptionError>();

  constructor(names: Set<string>, genvars: Set<string> = new Set()) {
    this.#names = names;
    this.#genvars = genvars;
  }

  /** Starts a paragraph of the emitted Verilog: say which equation or step follows. */
  comment(text: string): void {
    emit({ kind: 'comment', text });
  }

  /** A name for a dimension that recurs. */
  localParameter(name: string, value: Dimension): Dimension {
    this.#declare(name);
    emit({ kind: 'localparam', name, value, width: undefined });
    return Dimension.local(name, value);
  }

  /** The value of a dimension modulo 2^width, width <= 32, as a signal. */
  constant(name: string, value: Dimension, width: DimensionLike): Signal<'unsigned'> {
    this.#declare(name);
    emit({ kind: 'localparam', name, value, width: 32 });
    return named(name, unsigned(32)).slice(0, width);
  }

  /** A named wire as wide as its value, or in the given type if the value fits into it. */
  wire<S extends Sign>(name: string, value: Signal<S>, width: DimensionLike = value.width): Signal<S> {
    this.#declare(name);
    const type = { sign: value.sign, width: Dimension.of(width) };
    emit({ kind: 'wire', name, type, value: fitted(`${currentModule()}.${name}`, value, type.width) });
    return named(name, type);
  }

  /** A register; with a reset value it must be updated under a reset, without one it keeps no reset. */
  register<S extends Sign>(name: string, type: VectorType<S>, resetValue?: number): Register<S> {
    this.#declare(name);
    this.#pendingRegisters.set(
      name,
      describeError(`${currentModule()}.${name} is never updated`, 'update it in a clocked process'),
    );
    emit({ kind: 'register', name, type });
    const reset = resetValue === undefined ? undefined : literal(type.sign, resetValue, type.width);
    return new Register(name, type, reset);
  }

  /** One clocked process. Every register is updated by exactly one; `reset` is synchronous and wins. */
  clocked(
    control: { readonly clock: Bit; readonly reset?: Bit; readonly enable?: Bit },
    ...updates: readonly [Update, ...Update[]]
  ): void {
    const { clock, reset, enable } = control;
    for (const [use, bit] of Object.entries({ clock, reset, enable })) if (bit) requireBit(bit, use);
    for (const { register, resetValue } of updates) {
      if (!this.#pendingRegisters.delete(register)) {
        throw describeError(
          `${currentModule()}.${register} is updated twice, or in another scope than its own`,
          'update each register once, in the scope that declares it',
        );
      }
      if ((resetValue === undefined) !== (reset === undefined)) {
        throw describeError(
          `${currentModule()}.${register} ${resetValue === undefined ? 'has no reset value, but its process has a reset' : 'has a reset value, but its process no reset'}`,
          'put registers with and without reset into processes of their own',
        );
      }
    }
    emit({ kind: 'clocked', clock, reset, enable, updates });
  }

  /** An instance of another module; returns its outputs as wires named `<instance>_<port>`. */
  instance<P extends ParameterSpecs, T extends PortSpecs>(
    name: string,
    module: Module<P, T>,
    parameters: { readonly [N in keyof P]: DimensionLike },
    inputs: InputSignals<T>,
  ): OutputSignals<T> {
    this.#declare(name);
    const values = new Map<Variable, Dimension>();
    const overrides = new Map<string, Dimension>();
    const given: Readonly<Record<string, DimensionLike>> = parameters;
    for (const [parameter, variable] of module.variables) {
      const wanted = given[parameter];
      if (wanted === undefined) throw new Error(`${name}: ${parameter} is not given`);
      const value = Dimension.of(wanted);
      requireWithin(`${currentModule()}.${name}: ${parameter}`, value, variable);
      values.set(variable, value);
      overrides.set(parameter, value);
    }
    const connected: Readonly<Record<string, AnySignal>> = { ...inputs };
    const outputs: Record<string, AnySignal> = {};
    const connections = Object.entries(module.ports).map(([port, spec]) => {
      const type = { sign: spec.sign, width: spec.width.substitute(values) };
      if (spec.direction === 'output') {
        const wire = `${name}_${port}`;
        this.#declare(wire);
        emit({ kind: 'wire', name: wire, type, value: undefined });
        const signal = named(wire, type);
        outputs[port] = signal;
        return { port, type, signal };
      }
      const signal = connected[port];
      if (!signal) throw new Error(`${name}.${port} is not connected`);
      const value = fitted(`${currentModule()}.${name}.${port}`, signal, type.width);
      // Yosys stops at a signed part-select that spans its whole wire when it is connected directly.
      const direct = value.expression.kind !== 'reinterpret';
      return { port, type, signal: direct ? value : this.wire(`${name}_${port}`, value) };
    });
    emit({ kind: 'instance', module: module.name, name, parameters: overrides, connections });
    return outputs as OutputSignals<T>;
  }

  /**
   * A generate loop: one block for each index from `first` to `last`, each with wires that other blocks
   * and the surrounding scope can read. Blocks that read others are described in an order in which what
   * they read comes first: with `first > last` the loop counts down.
   *
   * @param types the members of block i, which `describe` must return
   */
  family<M extends MemberTypes>(
    label: string,
    range: { readonly genvar: string; readonly first: DimensionLike; readonly last: DimensionLike },
    types: (index: Dimension) => M,
    describe: (block: Scope, index: Dimension, family: Family<M>) => MemberSignals<M>,
  ): Family<M> {
    this.#declare(label);
    const names = this.#namesInLoop(range.genvar);
    const first = Dimension.of(range.first);
    const last = Dimension.of(range.last);
    const span = extremes(last.minus(first), currentGuards());
    const descending = span.maximum.value <= 0 && span.minimum.value < 0;
    const genvar: Variable = {
      kind: 'genvar',
      name: range.genvar,
      minimum: descending ? last : first,
      maximum: descending ? first : last,
    };
    const index = Dimension.variable(genvar);
    const family: Family<M> = {
      at: (position) => {
        const wanted = Dimension.of(position);
        requireWithin(`${currentModule()}.${label}[${wanted}]`, wanted, genvar);
        return Object.fromEntries(
          Object.entries(types(wanted)).map(([member, type]) => [
            member,
            named(`${label}[${wanted}].${member}`, type),
          ]),
        ) as MemberSignals<M>;
      },
    };
    const module = currentModule();
    const body = within({ module, guards: currentGuards(), names }, (list) => {
      const block = new Scope(names, this.#genvars);
      const members = describe(block, index, family);
      block.finish();
      for (const [member, type] of Object.entries(types(index))) {
        const value = (members as Readonly<Record<string, AnySignal>>)[member];
        if (!value) throw new Error(`${label}.${member} is missing`);
        // A member that the block has declared under its own name needs no second wire.
        const own = value.expression.kind === 'name' && value.expression.text === member;
        if (own && !this.#names.has(member)) continue;
        block.#declare(member);
        list.push({
          kind: 'wire',
          name: member,
          type,
          value: fitted(`${module}.${label}.${member}`, value, type.width),
        });
      }
    });
    emit({ kind: 'for', label, genvar, descending, body });
    return family;
  }

  /** {@link chooseFirst} of two. */
  choose<S extends Sign>(
    name: string,
    type: VectorType<S>,
    condition: Condition,
    whenTrue: Branch<S>,
    otherwise: Branch<S>,
  ): Signal<S> {
    return this.chooseFirst(name, type, [{ ...whenTrue, condition }], otherwise);
  }

  /**
   * A wire whose hardware depends on a parameter or a loop variable (generate-if): described by the first case
   * whose condition holds.
   *
   * @param cases at least one
   */
  chooseFirst<S extends Sign>(
    name: string,
    type: VectorType<S>,
    cases: readonly (Branch<S> & { readonly condition: Condition })[],
    otherwise: Branch<S>,
  ): Signal<S> {
    this.#declare(name);
    emit({ kind: 'wire', name, type, value: undefined });
    const module = currentModule();
    const target = named(name, type);
    const block = ({ label, describe }: Branch<S>, guards: readonly Condition[]): Block => {
      this.#declare(label);
      const names = new Set(this.#names);
      const body = within({ module, guards: [...currentGuards(), ...guards], names }, (list) => {
        const scope = new Scope(names, this.#genvars);
        const value = describe(scope);
        scope.finish();
        list.push({ kind: 'assign', target, value: fitted(`${module}.${name}`, value, type.width) });
      });
      return { label, body };
    };
    const before: Condition[] = [];
    const blocks = cases.map(({ condition, ...branch }) => {
      const made = { condition, ...block(branch, [...before, condition]) };
      before.push(...negate(condition));
      return made;
    });
    emit({ kind: 'if', cases: blocks, otherwise: block(otherwise, before) });
    return target;
  }

  /** A vector of `count` elements of `width` bits each, element 0 at the low end, by a generate loop. */
  pack(
    name: string,
    shape: { readonly genvar: string; readonly count: Dimension; readonly width: DimensionLike },
    element: (index: Dimension) => Signal<'unsigned'>,
  ): Signal<'unsigned'> {
    this.#declare(name);
    const width = Dimension.of(shape.width);
    const type = unsigned(width.times(shape.count));
    emit({ kind: 'wire', name, type, value: undefined });
    const genvar: Variable = {
      kind: 'genvar',
      name: shape.genvar,
      minimum: Dimension.constant(0),
      maximum: shape.count.minus(1),
    };
    const index = Dimension.variable(genvar);
    const vector = named(name, type);
    const label = `pack_${name}`;
    this.#declare(label);
    const names = this.#namesInLoop(shape.genvar);
    const body = within({ module: currentModule(), guards: currentGuards(), names }, (list) => {
      const value = fitted(`${currentModule()}.${name}`, element(index), width);
      list.push({ kind: 'assign', target: vector.element(index, width), value });
    });
    emit({ kind: 'for', label, genvar, descending: false, body });
    return vector;
  }

  /** Checks what can be known only at the end: that every register is updated. */
  finish(): void {
    for (const error of this.#pendingRegisters.values()) throw error;
  }

  #declare(name: string): void {
    requireIdentifier(name, `${currentModule()}: signal`);
    if (!describes(this.#names)) {
      throw describeError(
        `${currentModule()}.${name} is declared inside a block, but through the scope around it`,
        'use the scope that the function of the block is given',
      );
    }
    if (this.#names.has(name) || this.#genvars.has(name)) throw declaredTwice(name);
    this.#names.add(name);
  }

  /** Names in a block of a loop: loops beside each other may share a variable, loops in loops may not. */
  #namesInLoop(genvar: string): Set<string> {
    requireIdentifier(genvar, `${currentModule()}: genvar`);
    if (this.#names.has(genvar)) throw declaredTwice(genvar);
    this.#genvars.add(genvar);
    return new Set([...this.#names, genvar]);
  }
}

function declaredTwice(name: string): HardwareDescriptionError {
  return describeError(`${currentModule()}.${name} is declared twice`, 'choose another name');
}

function requireWithin(what: string, value: Dimension, variable: Variable): void {
  const guards = currentGuards();
  const low = extremes(value.minus(variable.minimum), guards).minimum;
  const high = extremes(variable.maximum.minus(value), guards).minimum;
  for (const { value: slack, at } of [low, high]) {
    if (slack >= 0) continue;
    const where = [...at].map(([{ name }, assigned]) => `${name} = ${assigned}`).join(', ');
    throw describeError(
      `${what} is outside ${variable.minimum}..${variable.maximum}${where ? ` where ${where}` : ''}`,
      'narrow the range of the parameter or the loop',
    );
  }
}
