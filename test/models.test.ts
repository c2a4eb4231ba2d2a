/** The model that commands run on where none is named: ours, small, and the same in LiteRT. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_MODEL } from '../cli/model-file.ts';
import { loadKernels, prepare } from '../infer/index.ts';
import { readModel } from '../litert/index.ts';
import { Random } from '../sim/random.ts';
import { loadLiteRtModel } from './support/litert-js.ts';

const bytes = readFileSync(DEFAULT_MODEL.path);
const folder = mkdtempSync(join(tmpdir(), 'models-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  const cli = join(import.meta.dirname, '../cli/npu-rescaler.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

test('takes images of Fashion-MNIST, in less than 300 kB', () => {
  const model = readModel(bytes);
  expect(bytes.length).toBeLessThan(300_000);
  expect(model.inputs).toMatchObject([{ type: 'int8', shape: [1, 28, 28, 1], scale: 1 / 128, zeroPoint: 0 }]);
  expect(model.outputs).toMatchObject([{ shape: [1, 10] }]);
});

test('is the file that its README describes', () => {
  const readme = readFileSync(join(import.meta.dirname, '../models/README.md'), 'utf8');
  expect(readme).toContain(createHash('sha256').update(bytes).digest('hex'));
});

/** Some bright rectangles on black, as clothes are. */
function silhouette(random: Random): Int8Array {
  const image = new Int8Array(28 * 28).fill(-128);
  for (let part = random.between(1, 4); part > 0; part--) {
    const [top, left] = [random.below(20), random.below(20)];
    const [bottom, right] = [random.between(top + 1, 28), random.between(left + 1, 28)];
    const brightness = random.between(-100, 127);
    for (let row = top; row < bottom; row++) image.fill(brightness, row * 28 + left, row * 28 + right);
  }
  return image;
}

test('LiteRT computes with it what infer does, on 200 silhouettes', async () => {
  const program = prepare(readModel(bytes), 'single', await loadKernels());
  const peer = await loadLiteRtModel(bytes, 'compatible');
  const random = new Random(1);
  const seen = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const image = silhouette(random);
    const [own = new Int8Array()] = program.run([image]);
    expect(own).toEqual(new Int8Array(await peer.run(image)));
    seen.add(own.indexOf(Math.max(...own)));
  }
  // Not that all were alike.
  expect(seen.size).toBeGreaterThan(3);
});

test('inspect and fold need nothing else', () => {
  const inspected = run('inspect', '--k', '1');
  expect(inspected).toMatchObject({ code: 0, stderr: '' });
  expect(inspected.stdout).toContain('fashion_small_cnn_int8.tflite (small-cnn): ');
  expect(run('fold', '--k', '1', '--out', 'folded.tflite')).toMatchObject({ code: 0, stderr: '' });
  expect(run('inspect', 'folded.tflite', '--k', '1').stdout).toMatch(/FULLY_CONNECTED.*\+0\.00 %$/m);
});

test('accuracy takes it, too', () => {
  const help = run('accuracy', '--help').stdout.replaceAll(/\s+/g, ' ');
  expect(help).toContain('--model <file> a .tflite file (default: one of our own, trained on Fashion-MNIST)');
});
