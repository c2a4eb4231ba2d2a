import { FLOAT, type Input, openGradient, type Plan, type Tensor } from './step.ts';

/** The greatest of each window of size x size; windows do not overlap. */
export function planMaxPool(input: Input, output: Tensor, size: number): Plan {
  const { height, width, channels } = input.tensor.shape;
  return (machine) => ({
    prepare() {},
    forward(images) {
      for (let i = 0; i < images; i += 1) {
        const x = input.tensor.values + FLOAT * i * input.tensor.size;
        const y = output.values + FLOAT * i * output.size;
        machine.kernels.maxPool(x, height, width, channels, size, y);
      }
    },
    backward(images) {
      const dx = openGradient(machine, input, images);
      if (dx === undefined || output.gradient === undefined) return;
      for (let i = 0; i < images; i += 1) {
        const [before, after] = [FLOAT * i * input.tensor.size, FLOAT * i * output.size];
        machine.kernels.maxPoolGradient(
          ...([output.gradient + after, output.values + after, input.tensor.values + before] as const),
          ...([height, width, channels, size, dx + before] as const),
        );
      }
    },
  });
}

/** The mean of each channel. */
export function planGlobalAveragePool(input: Input, output: Tensor): Plan {
  const { height, width, channels } = input.tensor.shape;
  return (machine) => ({
    prepare() {},
    forward(images) {
      for (let i = 0; i < images; i += 1) {
        const x = input.tensor.values + FLOAT * i * input.tensor.size;
        machine.kernels.averagePool(x, height * width, channels, output.values + FLOAT * i * channels);
      }
    },
    backward(images) {
      const dx = openGradient(machine, input, images);
      if (dx === undefined || output.gradient === undefined) return;
      for (let i = 0; i < images; i += 1) {
        const dy = output.gradient + FLOAT * i * channels;
        machine.kernels.averagePoolGradient(
          ...([dy, height * width, channels, dx + FLOAT * i * input.tensor.size] as const),
        );
      }
    },
  });
}
