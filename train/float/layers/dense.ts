import type { Layout } from '../layout.ts';
import type { LinearPlan, Operands } from './linear.ts';

/** Columns of a panel; see kernels/gemm.ts. */
const PANEL = 8;

/** A dense layer: a filter [outputs][terms], all images at once. */
export function planDense(
  layout: Layout,
  dense: {
    readonly operands: Operands;
    readonly terms: number;
    readonly outputs: number;
    readonly images: number;
  },
): LinearPlan {
  const { operands, terms, outputs, images: most } = dense;
  const { input, weights, weightGradient, output, outputGradient } = operands;
  const floats = (rows: number, columns: number) => layout.floats(rows * Math.ceil(columns / PANEL) * PANEL);
  const packed = floats(terms, outputs);
  const packedAcross = floats(outputs, terms);
  const packedInput = floats(most, terms);
  return ({ kernels }) => ({
    prepare() {
      kernels.pack(weights, terms, outputs, 1, terms, packed);
      kernels.pack(weights, outputs, terms, terms, 1, packedAcross);
    },
    forward(images) {
      kernels.gemm(input.tensor.values, terms, 1, packed, images, terms, outputs, output, outputs, 0);
    },
    backward(images) {
      if (outputGradient === undefined || weightGradient === undefined) return;
      kernels.pack(input.tensor.values, images, terms, terms, 1, packedInput);
      kernels.gemm(outputGradient, 1, outputs, packedInput, outputs, images, terms, weightGradient, terms, 1);
      const { gradient } = input.tensor;
      if (gradient === undefined) return;
      const accumulate = input.firstBackward ? 0 : 1;
      kernels.gemm(
        ...([
          outputGradient,
          outputs,
          1,
          packedAcross,
          images,
          outputs,
          terms,
          gradient,
          terms,
          accumulate,
        ] as const),
      );
    },
  });
}
