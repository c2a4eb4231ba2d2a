/** The bit-exact specification: pure functions, no I/O, no dependencies. */

export {
  accumulate,
  type DotProductParameters,
  dotProduct,
  effectiveBias,
  multiplyAccumulate,
} from './dot-product.ts';
export {
  errorModel,
  multiplierTermBound,
  type RescaleError,
  realMultiplier,
  type Scales,
} from './error-model.ts';
export {
  type LiteRtMultiplier,
  quantizeMultiplierLiteRt,
  rescaleDoubleRounding,
  rescaleSingleRounding,
} from './litert.ts';
export {
  decomposeMultiplier,
  type MultiplierFormat,
  maxShift,
  multiplierFormat,
  multiplierFromStored,
  multiplierWidth,
  type QuantizedMultiplier,
  quantizeMultiplier,
  storedMultiplier,
} from './multiplier.ts';
export { Rational } from './rational.ts';
export {
  checkRescaleParameters,
  type OutputRange,
  offsetAndClamp,
  type RescaleParameters,
  requantize,
  rescale,
} from './rescale.ts';
