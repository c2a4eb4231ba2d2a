/** DEPTHWISE_CONV_2D with one output for each input channel. */
import type { DepthwiseConv2d } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { packRange, placeChannels } from './dot-product.ts';
import { filtersInColumns } from './gemm.ts';
import type { Bind } from './kernels.ts';
import type { MemoryBuilder } from './memory-builder.ts';
import { type OperandFormat, WORD_BYTES } from './operand-format.ts';
import { tapTable } from './taps.ts';

export function prepareDepthwise(
  operator: DepthwiseConv2d,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind {
  const { output, weights, window } = operator;
  const perWord = WORD_BYTES / format.bytes;
  const words = Math.ceil((window.height * window.width) / perWord);
  const table = tapTable(operator, perWord * words, memory);
  const positions = table.length / (perWord * words);
  const tableAddress = memory.place(table);
  const channelsAt = placeChannels(operator, filtersInColumns(operator), words, format, arithmetic, memory);
  const range = memory.place(packRange(operator.outputRange));
  const to = memory.address(output);
  return ({ kernels }) =>
    () =>
      kernels.depthwise(
        tableAddress,
        positions,
        words,
        format.offset,
        channelsAt.weights,
        channelsAt.blocks,
        range,
        weights.channels,
        to,
      );
}
