/** The kernels as one WebAssembly module. Sources are AssemblyScript, in memory of the caller. */
export { depthwise } from './depthwise';
export { add, lookUp, shift } from './elementwise';
export { gemm } from './gemm';
