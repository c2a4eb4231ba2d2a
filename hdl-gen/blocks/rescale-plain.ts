/** Architecture `plain`: Algorithm 1 line by line, the readable reference. */
import { unsignedLiteral } from '../dsl/index.ts';
import type { PipelineDepth } from './parameters.ts';
import type { RescalePath } from './rescale-path.ts';

type Step = 'product' | 'rounded' | 'quotient';

/** Where each number of pipeline stages cuts. */
export const PLAIN_CUTS: Readonly<Record<PipelineDepth, readonly Step[]>> = {
  0: [],
  1: ['rounded'],
  2: ['rounded', 'quotient'],
  3: ['product', 'rounded', 'quotient'],
};

export const plainPath: RescalePath<Step> = (scope, { acc, m, ...rest }, width, cut) => {
  scope.comment('Algorithm 1, line 3: the product of 32 + k bits.');
  const multiplied = cut('product', { ...rest, product: scope.wire('product', acc.mul(m)) });

  scope.comment('Algorithm 1, lines 2 and 3: add 2^(shift-1), nothing at shift 0.');
  const { product, ...parameters } = multiplied;
  const power = unsignedLiteral(1, width.plus(25)).shiftLeftWrap(parameters.shift);
  const half = scope.wire('half', power.shiftRight(unsignedLiteral(1)));
  const rounded = cut('rounded', {
    ...parameters,
    rounded: scope.wire('rounded', product.add(half.toSigned())),
  });

  scope.comment('Algorithm 1, line 4: floor(rounded / 2^shift), taken as a 32-bit value.');
  const { shift, rounded: dividend, ...output } = rounded;
  const shifted = scope.wire('shifted', dividend.shiftRight(shift));
  const { zero_point, act_min, act_max, quotient } = cut('quotient', {
    ...output,
    quotient: scope.wire('quotient', shifted.wrap(32)),
  });

  scope.comment('Eq. (1): add the zero point, clamp to the activation range.');
  const sum = scope.wire('sum', zero_point.add(quotient));
  return scope.wire('clamped', sum.clamp(act_min, act_max));
};
