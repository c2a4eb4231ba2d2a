import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cached, contentKey, defaultCacheDirectory, keep, obstacle } from '../../tools/cache.ts';

let cacheDirectory: string;
beforeAll(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'npu-rescaler-cache-'));
});
afterAll(() => rm(cacheDirectory, { recursive: true }));

test('its place', () => {
  expect(defaultCacheDirectory({ NPU_RESCALER_CACHE: '/own', XDG_CACHE_HOME: '/xdg' })).toBe('/own');
  expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/npu-rescaler');
  expect(defaultCacheDirectory({ XDG_CACHE_HOME: 'relative' })).toMatch(/\.cache\/npu-rescaler$/);
});

test('another text is another entry', () => {
  expect(contentKey(['ab', 'c'])).not.toBe(contentKey(['a', 'bc']));
});

test('entries that are cut, empty, or of another kind count as absent', async () => {
  const directory = join(cacheDirectory, 'damage');
  const content = new Uint8Array([1, 2, 3]);
  const build = () => cached(directory, 'key', async () => content);
  await build();
  const whole = await readFile(join(directory, 'key.entry'));
  for (const damaged of [
    whole.subarray(0, -1),
    whole.subarray(0, 10),
    new Uint8Array(),
    Buffer.from('text'),
  ]) {
    await writeFile(join(directory, 'key.entry'), damaged);
    expect(new Uint8Array(await build())).toEqual(content);
    expect(await readFile(join(directory, 'key.entry'))).toEqual(whole);
  }
});

test('two at once end up with one whole entry', async () => {
  const directory = join(cacheDirectory, 'race');
  const content = new Uint8Array(100_000).fill(7);
  await Promise.all(Array.from({ length: 8 }, () => cached(directory, 'key', async () => content)));
  expect(await readdir(directory)).toEqual(['key.entry']);
  const neverBuild = () => Promise.reject(new Error('was not in the cache'));
  expect((await cached(directory, 'key', neverBuild)).length).toBe(content.length);
});

test('a directory that cannot be written only means no cache', async () => {
  await mkdir(join(cacheDirectory, 'plain'));
  const file = join(cacheDirectory, 'plain', 'file');
  await writeFile(file, '');
  const content = new Uint8Array([4]);
  expect(await cached(join(file, 'below'), 'key', async () => content)).toBe(content);
  expect(await cached(false, 'key', async () => content)).toBe(content);
  expect(await obstacle(join(file, 'below'))).toBe(`${file} is not a folder`);
});

test('a directory that can be written has no obstacle, and no trace of having been asked', async () => {
  const directory = join(cacheDirectory, 'several', 'levels');
  expect(await obstacle(directory)).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

// Node's recursive mkdir never returns there.
test.skipIf(!existsSync('/proc/self'))('a file system that makes no folders is an obstacle', async () => {
  expect(await obstacle('/proc/npu-rescaler/synth')).toMatch(/'\/proc\/npu-rescaler'$/);
  await keep('/proc/npu-rescaler/synth', 'key', new Uint8Array());
});
