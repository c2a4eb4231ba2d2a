/** The kernels of training, loaded. Addresses are in bytes, sizes and strides in elements; see the docstrings in kernels/. */
import { kernelBytes, readKernelSources } from '../tools/assemblyscript.ts';
import { compileModule, instantiate, type WasmMemory, type WasmModule } from '../tools/wasm.ts';

/** Memory below is the kernels' own. */
export const RESERVED_BYTES = 4096;

export interface TrainingKernels {
  /** At most RESERVED_BYTES. */
  reservedBytes(): number;
  packedBytes(rows: number, columns: number): number;
  pack(b: number, rows: number, columns: number, rowStride: number, columnStride: number, to: number): void;
  gemm(
    a: number,
    rowStride: number,
    termStride: number,
    b: number,
    rows: number,
    terms: number,
    columns: number,
    c: number,
    cStride: number,
    accumulate: 0 | 1,
  ): void;
  gather(x: number, table: number, positions: number, taps: number, channels: number, to: number): void;
  gatherInt8(
    x: number,
    zeroPoint: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    to: number,
  ): void;
  widen(x: number, size: number, zeroPoint: number, to: number): void;
  scatterAdd(
    patches: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    x: number,
  ): void;
  depthwise(
    x: number,
    weights: number,
    bias: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    y: number,
  ): void;
  depthwiseInputGradient(
    dy: number,
    weights: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    dx: number,
  ): void;
  depthwiseFilterGradient(
    dy: number,
    x: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    dw: number,
  ): void;
  straightThrough(
    y: number,
    dy: number,
    factors: number,
    positions: number,
    channels: number,
    least: number,
    greatest: number,
    da: number,
  ): void;
  passThrough(
    y: number,
    dy: number,
    size: number,
    slope: number,
    least: number,
    greatest: number,
    dx: number,
  ): void;
  convolve(
    x: number,
    zeros: number,
    table: number,
    positions: number,
    taps: number,
    channels: number,
    filter: number,
    outputs: number,
    y: number,
    accumulate: 0 | 1,
  ): void;
  convolveFilterGradient(
    x: number,
    runs: number,
    runsPerTap: number,
    stride: number,
    taps: number,
    channels: number,
    dy: number,
    outputs: number,
    dw: number,
  ): void;
  moments(z: number, rows: number, channels: number, about: number, sums: number): void;
  scaleAndShift(
    z: number,
    rows: number,
    channels: number,
    scale: number,
    shift: number,
    least: number,
    greatest: number,
    y: number,
  ): void;
  gradientMoments(
    dy: number,
    z: number,
    rows: number,
    channels: number,
    scale: number,
    shift: number,
    least: number,
    greatest: number,
    mean: number,
    inverse: number,
    sums: number,
  ): void;
  normalizationGradient(
    dy: number,
    z: number,
    rows: number,
    channels: number,
    mean: number,
    a: number,
    b: number,
    c: number,
  ): void;
  add(a: number, b: number, size: number, least: number, greatest: number, y: number): void;
  cutOff(dy: number, y: number, size: number, least: number, greatest: number): void;
  maxPool(x: number, height: number, width: number, channels: number, size: number, y: number): void;
  maxPoolGradient(
    dy: number,
    y: number,
    x: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    dx: number,
  ): void;
  averagePool(x: number, positions: number, channels: number, y: number): void;
  averagePoolGradient(dy: number, positions: number, channels: number, dx: number): void;
  addColumns(rows: number, count: number, channels: number, to: number): void;
  addTo(from: number, size: number, to: number): void;
}

let loaded: Promise<WasmModule> | undefined;

/** The same module at every call; can be sent to a worker thread. Plain SIMD: the same bits on every machine. */
export function loadTrainingKernels(): Promise<WasmModule> {
  loaded ??= kernelBytes(new URL('kernels.wasm', import.meta.url), trainingKernelSources).then(compileModule);
  return loaded;
}

export function trainingKernelSources(): ReturnType<typeof readKernelSources> {
  return readKernelSources(new URL('./kernels/', import.meta.url), 'index.ts', ['simd']);
}

export function instantiateTrainingKernels(module: WasmModule, memory: WasmMemory): TrainingKernels {
  return instantiate(module, memory) as TrainingKernels;
}
