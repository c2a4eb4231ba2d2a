import type { Activation } from '../network.ts';

/** The range that an activation leaves. */
export function rangeOf(activation: Activation): { readonly least: number; readonly greatest: number } {
  switch (activation) {
    case 'none':
      return { least: -Infinity, greatest: Infinity };
    case 'relu':
      return { least: 0, greatest: Infinity };
    case 'relu6':
      return { least: 0, greatest: 6 };
  }
}
