/** The kernels of training as one WebAssembly module. Sources are AssemblyScript, in memory of the caller. */
export { convolve, convolveFilterGradient } from './convolve';
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { add, cutOff } from './elementwise';
export { gemm, pack, packedBytes } from './gemm';
export { gradientMoments, moments, normalizationGradient, scaleAndShift } from './normalize';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pool';
export { straightThrough } from './straight-through';
export { addColumns, addTo } from './sums';
export { gather, gatherInt8, scatterAdd, widen } from './taps';
