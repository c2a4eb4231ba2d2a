/** A float network on images, on one thread. */
import type { WasmModule } from '../../tools/wasm.ts';
import type { FloatNetwork, FloatRunner } from './network.ts';
import { type ParameterLayout, parameterLayout } from './parameters.ts';
import { placeNetwork } from './placed-network.ts';

/** Images that go through the layers together: enough to amortize calls, few enough to stay in the caches. */
const BATCH = 32;

/**
 * @param module from `loadTrainingKernels`
 * @throws RangeError where the filters are not those of the architecture
 */
export function createRunner({ architecture, filters }: FloatNetwork, module: WasmModule): FloatRunner {
  const folded = {
    ...architecture,
    layers: architecture.layers.map((layer) =>
      'normalization' in layer ? { ...layer, normalization: 'none' as const } : layer,
    ),
  };
  const network = placeNetwork(folded, BATCH, 'inference', module);
  const layout: ParameterLayout = parameterLayout(folded);
  layout.layers.forEach((layer, index) => {
    const filter = filters[index];
    if (filter?.weights.length !== layer?.weights.length || filter?.bias.length !== layer?.bias.length) {
      throw new RangeError(`the filter of layer ${index} does not fit ${architecture.name}`);
    }
    if (layer === undefined || filter === undefined) return;
    network.trained.set(filter.weights, layer.weights.start);
    network.trained.set(filter.bias, layer.bias.start);
  });
  network.prepare();
  const { height, width, channels } = architecture.input;
  const size = height * width * channels;
  const [input] = network.tensors;
  const output = network.tensors.at(-1);
  if (input === undefined || output === undefined) throw new RangeError('a network has at least its input');
  const classes = output.length / BATCH;
  return {
    run(images, count, observe) {
      if (images.length !== count * size) {
        throw new RangeError(
          `${images.length} values are not ${count} images of ${height}x${width}x${channels}`,
        );
      }
      const logits = new Float32Array(count * classes);
      for (let start = 0; start < count; start += BATCH) {
        const some = Math.min(BATCH, count - start);
        input.set(images.subarray(start * size, (start + some) * size));
        network.forward(some);
        logits.set(output.subarray(0, some * classes), start * classes);
        if (observe === undefined) continue;
        network.tensors.forEach((values, tensor) => {
          observe(tensor, values.subarray(0, (values.length / BATCH) * some));
        });
      }
      return logits;
    },
  };
}
