/** The package as its users get it: packed, installed in an empty folder, without the sources. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
}

const project = join(import.meta.dirname, '..');
const run = promisify(execFile);
let folder: string;
let installed: string;
let packageJson: PackageJson;
let packedFiles: readonly string[];

const npx = (...args: readonly string[]) =>
  run('npx', ['--no', '--', 'npu-rescaler', ...args], { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npu-rescaler-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: project });
  // `prepack` prints before the JSON does.
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('\n[') + 1)) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  packedFiles = files.map(({ path }) => path);
  // As npm would install it, but without the network: the dependencies that it declares, and no others.
  await run('tar', ['-xf', filename], { cwd: folder });
  const modules = join(folder, 'node_modules');
  installed = join(folder, 'package');
  packageJson = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as PackageJson;
  await link(installed, join(modules, packageJson.name));
  for (const name of Object.keys(packageJson.dependencies)) {
    await link(join(project, 'node_modules', name), join(modules, name));
  }
  for (const [name, path] of Object.entries(packageJson.bin)) {
    await link(join(installed, path), join(modules, '.bin', name));
  }
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

test('the package holds what runs, the default Verilog and model, and nothing else', () => {
  const others = packedFiles.filter((path) => !/^(dist|models|rtl)\//.test(path));
  expect(others.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
  expect(packedFiles.filter((path) => /\.(ts|tsbuildinfo)$/.test(path) && !path.endsWith('.d.ts'))).toEqual(
    [],
  );
});

test('npx npu-rescaler --version is the version of the package', async () => {
  expect((await npx('--version')).stdout.trim()).toBe(packageJson.version);
});

test('npx npu-rescaler inspect finds the model that comes with it', async () => {
  expect((await npx('inspect')).stdout).toContain('fashion_small_cnn_int8.tflite');
});

test('npx npu-rescaler gen writes the Verilog with the given defaults', async () => {
  await npx('gen', '--macs', '4', '--k', '2');
  const verilog = await readFile(join(folder, 'rtl', 'dot_product_unit.v'), 'utf8');
  expect(verilog).toMatch(/parameter MACS = 4\b/);
  expect(verilog).toMatch(/parameter K = 2\b/);
  const manifest = JSON.parse(await readFile(join(folder, 'rtl', 'dot_product_unit.json'), 'utf8'));
  expect(manifest).toMatchObject({ module: 'dot_product_unit', options: { macs: 4, k: 2 } });
  expect(manifest.generator.version).toBe(packageJson.version);
});

test('npx npu-rescaler cosim finds its worker and its tools', async () => {
  const { stdout } = await npx(
    ...['cosim', '--macs', '1', '--k', '2', '--arch', 'plain', '--pipeline', '0', '--units', '1'],
    ...['--seed', '1', '--vectors', '20000'],
  );
  expect(stdout).toContain('PASS: 1 of 1 configuration right');
});

const LOAD_KERNELS = `console.log((await (await import('npu-rescaler/infer')).loadKernels()).format.bytes)`;

test('the kernels are packed, those of inference in both builds, and load', async () => {
  const builds = packedFiles.filter((path) => path.endsWith('.wasm'));
  expect(builds.toSorted()).toEqual([
    ...['relaxed', 'simd'].map((build) => `dist/infer/fast/kernels-${build}.wasm`),
    'dist/train/kernels.wasm',
  ]);
  const { stdout } = await run('node', ['--input-type=module', '-e', LOAD_KERNELS], { cwd: folder });
  expect(stdout.trim()).toMatch(/^[12]$/);
});

const node20 = await nodeOnPath('v20.');
const onNode20 = 'Node 20, which has no relaxed SIMD, loads the kernels without it';
if (node20 === undefined) test.skip(`skipped: there is no Node 20 on the PATH: ${onNode20}`, () => {});
else {
  test(onNode20, async () => {
    const { stdout } = await run(node20, ['--input-type=module', '-e', LOAD_KERNELS], { cwd: folder });
    expect(stdout.trim()).toBe('2');
  });
}

async function nodeOnPath(version: string): Promise<string | undefined> {
  const { PATH = '' } = process.env;
  for (const directory of PATH.split(delimiter)) {
    const file = join(directory, 'node');
    const { stdout } = await run(file, ['--version']).catch(() => ({ stdout: '' }));
    if (stdout.startsWith(version)) return file;
  }
  return undefined;
}

/** Paths of the exports that are code. */
const codeExports = () => Object.keys(packageJson.exports).filter((path) => !/[*.]\w*$/.test(path.slice(1)));

test('every export can be imported', async () => {
  const names = codeExports();
  const imports = names.map((path) => `import('${packageJson.name}${path.slice(1)}')`);
  const script = `console.log(JSON.stringify((await Promise.all([${imports.join(', ')}])).map(Object.keys)))`;
  const { stdout } = await run('node', ['--input-type=module', '-e', script], { cwd: folder });
  const exported = (JSON.parse(stdout) as readonly (readonly string[])[]).flat();
  expect(exported).toEqual(
    expect.arrayContaining([
      'quantizeMultiplier',
      'generate',
      'defineModule',
      'printModule',
      'createSimulator',
    ]),
  );
});

test('what only one command needs may be missing: it says so at once', async () => {
  // Only what is not optional is installed here.
  const ended = await npx('synth-sweep', '--macs', '1', '--k', '1').catch(
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error,
  );
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/needs echarts, which is not installed: npm install echarts \(\d+ MB\)$/m);
  expect(ended.stderr).not.toMatch(/^ +at /m);
  expect(await readdir(folder)).not.toContain('synth-reports');
});

test('the types of every export can be read without @types/node', async () => {
  const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: [] };
  const lines = codeExports().map((path) => `export * from '${packageJson.name}${path.slice(1)}';`);
  await writeFile(join(folder, 'user.ts'), lines.join('\n'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.ts'] }));
  const { stdout } = await run(join(project, 'node_modules/.bin/tsc'), ['-p', folder]).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect(stdout).toBe('');
});
