/** The elements of activations, wherever they lie. */
import type { Activation, Int8Activation } from '../litert/index.ts';

/** Of the tensor's type; its `size` elements in order, NHWC. */
export type Elements = Int8Array | Uint8Array;

/** The memory of a program: for the same tensor always the same array. */
export interface Values {
  of(tensor: Int8Activation): Int8Array;
  of(tensor: Activation): Elements;
}

export function valuesIn(elements: ReadonlyMap<Activation, Elements>): Values {
  function of(tensor: Int8Activation): Int8Array;
  function of(tensor: Activation): Elements;
  function of(tensor: Activation): Elements {
    const found = elements.get(tensor);
    if (found === undefined) throw new Error(`tensor ${tensor.index} is not part of this program`);
    return found;
  }
  return { of };
}

/** Views into a buffer, constants filled in. */
export function valuesAt(offsets: ReadonlyMap<Activation, number>, buffer: ArrayBuffer): Values {
  const views = [...offsets].map(([tensor, offset]): [Activation, Elements] => {
    const Type = tensor.type === 'int8' ? Int8Array : Uint8Array;
    const elements = new Type(buffer, offset, tensor.size);
    if (tensor.data !== undefined) elements.set(tensor.data);
    return [tensor, elements];
  });
  return valuesIn(new Map(views));
}
