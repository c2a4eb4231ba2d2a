/**
 * The operators that can be read. To add one: its type in ../model.ts, a file beside this one, a line below,
 * one in ../write-model.ts, its factors in ../rescale-factors.ts where it rescales.
 */

import type { OperatorReader } from '../operator-source.ts';
import { conv2d } from './conv-2d.ts';
import { depthwiseConv2d } from './depthwise-conv-2d.ts';
import { elementwiseBinary } from './elementwise-binary.ts';
import { fullyConnected } from './fully-connected.ts';
import { pad } from './pad.ts';
import { pool2d } from './pool-2d.ts';
import { quantize } from './quantize.ts';
import { reduce } from './reduce.ts';
import { relu } from './relu.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';

export const OPERATOR_READERS: readonly OperatorReader[] = [
  conv2d,
  depthwiseConv2d,
  fullyConnected,
  ...elementwiseBinary,
  ...pool2d,
  ...reduce,
  ...relu,
  softmax,
  quantize,
  reshape,
  pad,
];
