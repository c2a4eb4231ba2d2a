/** The blocks that the generator makes, as files for a tool. */
import {
  DEFAULT_OPTIONS,
  type GeneratedBlock,
  type GenerateOptions,
  generate,
} from '../../hdl-gen/generate.ts';
import type { SourceFile } from '../../tools/yowasp.ts';

export interface Generated {
  readonly blocks: readonly GeneratedBlock[];
  readonly files: readonly SourceFile[];
}

export function generated(options: Partial<GenerateOptions>): Generated {
  const blocks = generate({ ...DEFAULT_OPTIONS, ...options });
  return { blocks, files: blocks.map(({ verilog, manifest }) => ({ name: manifest.file, text: verilog })) };
}

/** One line for titles: `fast, pipeline 2, hidden`. */
export function describeOptions({ arch, pipeline, leadingOne }: Partial<GenerateOptions>): string {
  return `${arch}, pipeline ${pipeline}, ${leadingOne}`;
}
