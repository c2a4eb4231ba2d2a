/** The kernels with relaxed SIMD as engines elsewhere run them: its one instruction is written out. */
import { sourcesOf } from '../../infer/fast/builds.ts';
import { compileKernelSources } from '../../tools/assemblyscript.ts';
import { compileModule, type WasmModule } from '../../tools/wasm.ts';

/** Products of int8 and int8, or int8 and uint8, fit int16. */
const PRODUCTS = (byte: 's' | 'u') => `
  const low = i16x8.mul(i16x8.extend_low_i8x16_s(weights), i16x8.extend_low_i8x16_${byte}(bytes));
  const high = i16x8.mul(i16x8.extend_high_i8x16_s(weights), i16x8.extend_high_i8x16_${byte}(bytes));`;

const IN_32_BITS = `
  const a = i32x4.extadd_pairwise_i16x8_s(low);
  const b = i32x4.extadd_pairwise_i16x8_s(high);
  return i32x4.add(sum, i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7)));`;

const IN_16_BITS = (add: 'add' | 'add_sat_s') => `
  const even = v128.shuffle<i16>(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
  const odd = v128.shuffle<i16>(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
  return i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(i16x8.${add}(even, odd)));`;

/** What the specification lets an engine make of the relaxed dot product. */
const DOTS = {
  'signed bytes': PRODUCTS('s') + IN_32_BITS,
  'unsigned bytes': PRODUCTS('u') + IN_32_BITS,
  'signed bytes, sums that wrap': PRODUCTS('s') + IN_16_BITS('add'),
  'signed bytes, sums that saturate': PRODUCTS('s') + IN_16_BITS('add_sat_s'),
  'unsigned bytes, sums that wrap': PRODUCTS('u') + IN_16_BITS('add'),
  'unsigned bytes, sums that saturate': PRODUCTS('u') + IN_16_BITS('add_sat_s'),
} as const;

/** Runs on every engine. */
export async function emulated(dot: keyof typeof DOTS): Promise<WasmModule> {
  const { files, flags } = await sourcesOf('relaxed');
  const source = `@inline
export function relaxedDot(weights: v128, bytes: v128, sum: v128): v128 {${DOTS[dot]}
}
`;
  const changed = new Map(files).set('relaxed-dot.ts', source);
  return compileModule(await compileKernelSources({ files: changed, flags }));
}
