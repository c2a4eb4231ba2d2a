/** int8 inference, bit for bit as LiteRT computes it, or with multipliers of k bits. */

export { type Arithmetic, describeArithmetic, type NarrowArithmetic } from './arithmetic.ts';
export type { KernelModule } from './fast/kernels.ts';
export { loadKernels } from './fast/load-kernels.ts';
export { type Observer, type Program, prepare } from './program.ts';
export { startThreads, type Threads } from './threads.ts';
export type { Elements } from './values.ts';
