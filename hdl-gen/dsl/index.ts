/** The hardware description language: everything that a block needs. */
export { HardwareDescriptionError } from './diagnostics.ts';
export {
  type Condition,
  clog2,
  Dimension,
  type DimensionLike,
  half,
  larger,
  parity,
  pow2,
} from './dimension.ts';
export type { Sign, VectorType } from './expression.ts';
export { defineModule } from './module.ts';
export {
  type AnyModule,
  input,
  type Module,
  output,
  type ParameterSpec,
  type ParameterSpecs,
  type PortSpecs,
} from './ports.ts';
export { type Family, type Register, type Scope, signed, unsigned } from './scope.ts';
export { type Bit, concat, repeat, Signal, signedLiteral, unsignedLiteral } from './signal.ts';
