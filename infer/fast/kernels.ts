import { instantiate, type WasmMemory, type WasmModule } from '../../tools/wasm.ts';
import type { Values } from '../values.ts';
import type { OperandFormat } from './operand-format.ts';

/** The compiled kernels. Can be sent to a worker thread. */
export interface KernelModule {
  readonly module: WasmModule;
  /** Of CONV_2D and FULLY_CONNECTED. */
  readonly format: OperandFormat;
}

export function instantiateKernels({ module }: KernelModule, memory: WasmMemory): Kernels {
  return instantiate(module, memory) as Kernels;
}

/** What kernels/ exports. Addresses and sizes in bytes, see the docstrings there. */
export interface Kernels {
  gemm(
    table: number,
    positions: number,
    taps: number,
    channels: number,
    offset: number,
    rowBytes: number,
    weights: number,
    blocks: number,
    range: number,
    outputs: number,
    panel: number,
    panelRows: number,
    to: number,
  ): void;
  depthwise(
    table: number,
    positions: number,
    words: number,
    offset: number,
    weights: number,
    blocks: number,
    range: number,
    channels: number,
    to: number,
  ): void;
  add(
    left: number,
    leftTable: number,
    right: number,
    rightTable: number,
    block: number,
    range: number,
    size: number,
    to: number,
  ): void;
  lookUp(table: number, from: number, size: number, to: number): void;
  shift(from: number, size: number, by: number, to: number): void;
}

/** What exists once all constants have been placed. */
export interface Machine {
  readonly kernels: Kernels;
  readonly values: Values;
  /** Address of the area that operators share. */
  readonly scratch: number;
}

/** An operator whose constants have been placed: makes it ready to run. */
export type Bind = (machine: Machine) => () => void;
