/** Random float networks of every kind of layer, with filters that keep values in range. */
import type { Random } from '../../sim/random.ts';
import {
  type Activation,
  type Architecture,
  type Filter,
  type FloatNetwork,
  type Layer,
  type Shape,
  tensorShapes,
} from '../../train/float/network.ts';

/** A stem, some blocks of random kinds, and the classifier that every network ends with. */
export function randomNetwork(random: Random, blocks: number): FloatNetwork {
  const input = {
    height: random.between(5, 10),
    width: random.between(5, 10),
    channels: random.between(1, 4),
  };
  const layers: Layer[] = [convolution(random, 0, random.between(2, 9))];
  const last = () => layers.length;
  for (let block = 0; block < blocks; block++) {
    const shapes = tensorShapes({ name: '', input, layers });
    const { height, width, channels } = at(shapes, last());
    switch (random.pick(['convolution', 'depthwise', 'residual', 'max-pool'])) {
      case 'convolution':
        layers.push(convolution(random, last(), random.between(1, 9)));
        break;
      case 'depthwise':
        layers.push({
          ...({ kind: 'depthwise', normalization: 'none', from: last() } as const),
          ...{ kernel: 3, stride: random.between(1, 2), activation: activation(random) },
        });
        break;
      case 'residual':
        layers.push({ ...convolution(random, last(), channels), stride: 1, activation: 'none' });
        layers.push({ kind: 'add', from: last() - 1, and: last(), activation: activation(random) });
        break;
      case 'max-pool':
        if (Math.min(height, width) >= 2) layers.push({ kind: 'max-pool', from: last(), size: 2 });
        break;
    }
  }
  if (random.chance(0.5)) layers.push({ kind: 'global-average-pool', from: last() });
  layers.push({
    ...({ kind: 'dense', activation: 'none', normalization: 'none' } as const),
    ...{ from: last(), channels: random.between(2, 10) },
  });
  const architecture = { name: 'random', input, layers };
  return { architecture, filters: filtersOf(random, architecture) };
}

function convolution(
  random: Random,
  from: number,
  channels: number,
): Extract<Layer, { kind: 'convolution' }> {
  return {
    ...({ kind: 'convolution', normalization: 'none', from, channels } as const),
    ...{ kernel: random.pick([1, 3, 5]), stride: random.between(1, 2), activation: activation(random) },
  };
}

function activation(random: Random): Activation {
  return random.pick<Activation>(['none', 'relu', 'relu6']);
}

function filtersOf(random: Random, architecture: Architecture): readonly (Filter | undefined)[] {
  const shapes = tensorShapes(architecture);
  return architecture.layers.map((layer) => {
    const from = at(shapes, layer.from);
    switch (layer.kind) {
      case 'convolution':
        return filter(random, layer.channels, layer.kernel ** 2 * from.channels);
      case 'depthwise':
        return filter(random, from.channels, layer.kernel ** 2);
      case 'dense':
        return filter(random, layer.channels, from.height * from.width * from.channels);
      default:
        return undefined;
    }
  });
}

/** @param taps of an output channel */
function filter(random: Random, channels: number, taps: number): Filter {
  const uniform = (amplitude: number) => (amplitude * random.int32()) / 2 ** 31;
  return {
    weights: Float32Array.from({ length: channels * taps }, () => uniform(2.5 / Math.sqrt(taps))),
    bias: Float32Array.from({ length: channels }, () => uniform(0.3)),
  };
}

/** @returns pixels 0..255 as reals 0..1, and as the codes of the input */
export function randomImages(random: Random, { height, width, channels }: Shape, count: number) {
  const pixels = Uint8Array.from({ length: count * height * width * channels }, () => random.below(256));
  return {
    values: Float32Array.from(pixels, (pixel) => pixel / 255),
    codes: Int8Array.from(pixels, (p) => p - 128),
  };
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`there is no number ${index} among ${list.length}`);
  return value;
}
