/** CONV_2D and FULLY_CONNECTED, and DEPTHWISE_CONV_2D of a single input channel, as one matrix product. */
import type { Conv2d, DepthwiseConv2d, DotProduct, FullyConnected } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { imageShape } from '../operators/window.ts';
import { type FilterOf, packRange, placeChannels } from './dot-product.ts';
import type { Bind } from './kernels.ts';
import type { MemoryBuilder } from './memory-builder.ts';
import { type OperandFormat, WORD_BYTES } from './operand-format.ts';
import { tapTable } from './taps.ts';

/** Half of a usual first-level cache; the other half is for the weights of a block. */
const PANEL_BYTES = 16_384;

/** The kernel takes 16 bytes of a row at a time. */
const STEP_BYTES = 16;

/** The kernel takes four or six rows at a time: whole tiles of either fit. */
const TILES_ROWS = 12;

export function prepareConv2d(
  operator: Conv2d,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind {
  const taps = operator.window.height * operator.window.width;
  return prepareGemm(operator, filtersInRows(operator), arithmetic, memory, format, {
    table: tapTable(operator, taps, memory),
    taps,
    channels: imageShape(operator.input).channels,
  });
}

/** Weights [1, KH, KW, C]: with one input channel a convolution whose filters lie across. */
export function prepareSingleInputDepthwise(
  operator: DepthwiseConv2d,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind {
  const taps = operator.window.height * operator.window.width;
  return prepareGemm(operator, filtersInColumns(operator), arithmetic, memory, format, {
    table: tapTable(operator, taps, memory),
    taps,
    channels: 1,
  });
}

export function prepareFullyConnected(
  operator: FullyConnected,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind {
  const { input, batches } = operator;
  const channels = input.size / batches;
  const start = memory.address(input);
  return prepareGemm(operator, filtersInRows(operator), arithmetic, memory, format, {
    table: Int32Array.from({ length: batches }, (_, batch) => start + batch * channels),
    taps: 1,
    channels,
  });
}

/** Weights [O, ...]: a channel's are contiguous. */
function filtersInRows({ weights }: DotProduct): FilterOf {
  const size = weights.size / weights.channels;
  return (channel) => weights.data.subarray(channel * size, (channel + 1) * size);
}

/** Weights [..., O]. */
export function filtersInColumns({ weights }: DotProduct): FilterOf {
  const size = weights.size / weights.channels;
  return (channel) =>
    Int8Array.from({ length: size }, (_, i) => weights.data[i * weights.channels + channel] ?? 0);
}

interface Rows {
  /** Addresses, [positions][taps]. */
  readonly table: Int32Array;
  readonly taps: number;
  /** int8 elements at each address. */
  readonly channels: number;
}

function prepareGemm(
  operator: DotProduct,
  filterOf: FilterOf,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
  { table, taps, channels }: Rows,
): Bind {
  const { output, weights } = operator;
  const rowBytes = Math.ceil((taps * channels * format.bytes) / STEP_BYTES) * STEP_BYTES;
  const positions = table.length / taps;
  const panelRows = Math.max(TILES_ROWS, Math.floor(PANEL_BYTES / rowBytes / TILES_ROWS) * TILES_ROWS);
  const tableAddress = memory.place(table);
  const channelsAt = placeChannels(operator, filterOf, rowBytes / WORD_BYTES, format, arithmetic, memory);
  const range = memory.place(packRange(operator.outputRange));
  const to = memory.address(output);
  memory.needScratch(Math.min(panelRows, positions) * rowBytes);
  return ({ kernels, scratch: panel }) =>
    () =>
      kernels.gemm(
        tableAddress,
        positions,
        taps,
        channels,
        format.offset,
        rowBytes,
        channelsAt.weights,
        channelsAt.blocks,
        range,
        weights.channels,
        panel,
        panelRows,
        to,
      );
}
