/** The kernels of training as one WebAssembly module. Sources are AssemblyScript, in memory of the caller. */
export { convolve, convolveFilterGradient } from './convolve';
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { gemm, pack, packedBytes, reservedBytes } from './gemm';
export { passThrough, straightThrough } from './straight-through';
export { add, cutOff } from './elementwise';
export { gradientMoments, moments, normalizationGradient, scaleAndShift } from './normalize';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pool';
export { addColumns, addTo } from './sums';
export { gather, gatherInt8, scatterAdd, widen } from './taps';
