/** What signs the emitted files; a test holds it against package.json. */
export const GENERATOR = { name: 'npu-rescaler', version: '0.1.0' } as const;
