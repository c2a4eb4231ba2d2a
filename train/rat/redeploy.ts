/** Back into the file: weights and biases in the places of the old ones, quantization parameters as they were. */
import { patchModel, type TensorChange } from '../../litert/index.ts';
import type { Parameters } from './parameters.ts';

/**
 * @param integers of all parameters, each within the range of its tensor
 * @throws ModelError where tensors share their bytes, so that one cannot change without the other
 */
export function redeploy(file: Uint8Array, { tensors }: Parameters, integers: Int32Array): Uint8Array {
  const changes = tensors.flatMap(({ tensor, start, end }): TensorChange[] => {
    const own = integers.subarray(start, end);
    // Writers let tensors of zeros share their bytes; what stays as it is need not be written.
    if (own.every((value, i) => value === tensor.data[i])) return [];
    const data = tensor.role === 'weights' ? Int8Array.from(own) : Int32Array.from(own);
    return [{ tensor: tensor.index, data }];
  });
  return patchModel(file, changes);
}
