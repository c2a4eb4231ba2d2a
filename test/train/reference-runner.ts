/** A float network computed in float64, one output at a time: slow, and easy to believe. */
import {
  type Activation,
  type FloatNetwork,
  type FloatRunner,
  type Layer,
  type Shape,
  tensorShapes,
} from '../../train/float/network.ts';

export function referenceRunner(network: FloatNetwork): FloatRunner {
  const { layers } = network.architecture;
  const shapes = tensorShapes(network.architecture);
  const shapeOf = (tensor: number) => at(shapes, tensor);
  return {
    run(images, count, observe) {
      const sizes = shapes.map(({ height, width, channels }) => height * width * channels);
      const all = sizes.map((size) => new Float32Array(count * size));
      for (let image = 0; image < count; image++) {
        const size = at(sizes, 0);
        const tensors: Float64Array[] = [
          Float64Array.from(images.subarray(image * size, (image + 1) * size)),
        ];
        layers.forEach((layer, i) => {
          tensors.push(run(layer, network.filters[i], tensors, shapeOf, shapeOf(i + 1)));
        });
        tensors.forEach((values, tensor) => {
          at(all, tensor).set(values, image * at(sizes, tensor));
        });
      }
      all.forEach((values, tensor) => {
        observe?.(tensor, values);
      });
      return at(all, layers.length);
    },
  };
}

function run(
  layer: Layer,
  filter: FloatNetwork['filters'][number],
  tensors: readonly Float64Array[],
  shapeOf: (tensor: number) => Shape,
  to: Shape,
): Float64Array {
  const x = at(tensors, layer.from);
  const from = shapeOf(layer.from);
  const pixel = (row: number, column: number, channel: number) =>
    row < 0 || column < 0 || row >= from.height || column >= from.width
      ? 0
      : at(x, (row * from.width + column) * from.channels + channel);
  const everywhere = (value: (row: number, column: number, channel: number) => number) =>
    Float64Array.from({ length: to.height * to.width * to.channels }, (_, i) => {
      const place = Math.floor(i / to.channels);
      return value(Math.floor(place / to.width), place % to.width, i % to.channels);
    });
  switch (layer.kind) {
    case 'convolution':
    case 'depthwise': {
      const { kernel, stride, kind } = layer;
      const top = before(from.height, to.height, kernel, stride);
      const left = before(from.width, to.width, kernel, stride);
      return everywhere((row, column, output) => {
        let sum = at(filter?.bias, output);
        for (let dy = 0; dy < kernel; dy++) {
          for (let dx = 0; dx < kernel; dx++) {
            const [y, x0] = [row * stride - top + dy, column * stride - left + dx];
            if (kind === 'depthwise') {
              sum += at(filter?.weights, (dy * kernel + dx) * to.channels + output) * pixel(y, x0, output);
              continue;
            }
            for (let input = 0; input < from.channels; input++) {
              const place = ((output * kernel + dy) * kernel + dx) * from.channels + input;
              sum += at(filter?.weights, place) * pixel(y, x0, input);
            }
          }
        }
        return activate(sum, layer.activation);
      });
    }
    case 'dense':
      return everywhere((_row, _column, output) =>
        activate(
          x.reduce(
            (sum, value, i) => sum + value * at(filter?.weights, output * x.length + i),
            at(filter?.bias, output),
          ),
          layer.activation,
        ),
      );
    case 'add': {
      const other = at(tensors, layer.and);
      return x.map((value, i) => activate(value + at(other, i), layer.activation));
    }
    case 'max-pool':
      return everywhere((row, column, channel) => {
        const offsets = [...Array(layer.size).keys()];
        const values = offsets.flatMap((dy) =>
          offsets.map((dx) => pixel(row * layer.size + dy, column * layer.size + dx, channel)),
        );
        return Math.max(...values);
      });
    case 'global-average-pool':
      return everywhere((_row, _column, channel) => {
        let sum = 0;
        for (let i = channel; i < x.length; i += from.channels) sum += at(x, i);
        return sum / (from.height * from.width);
      });
  }
}

/** SAME: what is missing, the larger half behind. */
function before(from: number, to: number, kernel: number, stride: number): number {
  return Math.floor(Math.max(0, (to - 1) * stride + kernel - from) / 2);
}

function activate(value: number, activation: Activation): number {
  if (activation === 'none') return value;
  return Math.min(Math.max(value, 0), activation === 'relu6' ? 6 : Number.POSITIVE_INFINITY);
}

function at<T>(values: { readonly [index: number]: T } | undefined, index: number): T {
  const value = values?.[index];
  if (value === undefined) throw new RangeError(`there is no element ${index}`);
  return value;
}
