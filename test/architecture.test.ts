/** The house plan, held: which room may import from which, and no circles. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Data flows one way: a room may use what is listed, and itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  golden: [],
  'hdl-gen': ['golden'],
  litert: ['golden'],
  infer: ['golden', 'litert', 'tools'],
  accuracy: ['golden', 'litert', 'infer', 'tools'],
  fold: ['golden', 'litert', 'infer', 'accuracy'],
  tools: [],
  datasets: ['tools'],
  train: ['golden', 'litert', 'infer', 'accuracy', 'datasets', 'tools'],
  sim: ['golden', 'hdl-gen', 'tools'],
  formal: ['hdl-gen', 'tools'],
  datasheet: ['golden', 'hdl-gen', 'formal', 'sim'],
  mutation: ['golden', 'hdl-gen', 'tools', 'formal', 'sim'],
  signoff: ['hdl-gen', 'tools', 'formal', 'sim', 'synth', 'mutation', 'datasheet'],
  synth: ['hdl-gen', 'tools'],
  cli: [
    'golden',
    'litert',
    'infer',
    'accuracy',
    'fold',
    'datasets',
    'train',
    'hdl-gen',
    'tools',
    'sim',
    'formal',
    'datasheet',
    'signoff',
    'synth',
  ],
};

/** Folders that are about the rooms, and may look into all of them. */
const NOT_ROOMS = [
  'bench',
  'dist',
  'docs',
  'models',
  'node_modules',
  'rat-report',
  'rtl',
  'signoff-report',
  'synth-reports',
  'test',
];

interface Import {
  /** As written. */
  readonly specifier: string;
  /** Only types, which are gone at run time. */
  readonly typeOnly: boolean;
}

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(text: string): readonly Import[] {
  const statements = [...text.matchAll(STATEMENT)].map(([, type, clause = '', specifier = '']) => {
    const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(',') ?? [''];
    const used = names.map((name) => name.trim()).filter((name) => name !== '');
    const typesInside = used.length > 0 && used.every((name) => name.startsWith('type '));
    return { specifier, typeOnly: type !== undefined || typesInside };
  });
  const dynamic = [...text.matchAll(DYNAMIC)].map(([, specifier = '']) => ({ specifier, typeOnly: false }));
  return [...statements, ...dynamic];
}

function sourcesOf(room: string): readonly Source[] {
  return (
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      // AssemblyScript: not TypeScript, and its imports have no ending.
      .filter((name) => (room !== 'infer' && room !== 'train') || dirname(name) !== 'kernels')
      .map((name) => {
        const text = readFileSync(join(ROOT, room, name), 'utf8');
        return { path: join(room, name).replaceAll('\\', '/'), text, imports: importsOf(text) };
      })
  );
}

const rooms = Object.keys(MAY_IMPORT);
const sources = rooms.flatMap(sourcesOf);
const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');
const target = (from: Source, { specifier }: Import): string =>
  relative(ROOT, join(ROOT, dirname(from.path), specifier)).replaceAll('\\', '/');
const roomOf = (path: string): string => path.split('/')[0] ?? '';

test('every room has a place in the plan', () => {
  const folders = foldersOfRoot();
  // Not vacuous.
  expect(folders).toEqual(expect.arrayContaining(rooms));
  expect(folders.filter((name) => !rooms.includes(name) && !NOT_ROOMS.includes(name))).toEqual([]);
});

/** That git tracks: runs leave others. Where there is no git, as in an exported tree, all. */
function foldersOfRoot(): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' });
  const tracked = (stdout ?? '').split('\n').flatMap((path) => path.split('/').slice(0, -1).slice(0, 1));
  const all = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  return [...new Set(tracked.length > 0 ? tracked : all)].filter((name) => !name.startsWith('.'));
}

test('the scan sees imports of every form', () => {
  const text = [
    "import { a, type B } from './a.ts';",
    "import type { C } from './c.ts';",
    'import {\n  type D,\n  type E,\n} from "./wrong-quotes.ts";',
    "import {\n  type D,\n  type E,\n} from './d.ts';",
    "import './effect.ts';",
    "export * from './e.ts';",
    "export { f } from './f.ts';",
    "const g = await import('./g.ts');",
  ].join('\n');
  const values = importsOf(text).filter(({ typeOnly }) => !typeOnly);
  expect(values.map(({ specifier }) => specifier)).toEqual([
    './a.ts',
    './effect.ts',
    './e.ts',
    './f.ts',
    './g.ts',
  ]);
  expect(importsOf(text)).toHaveLength(7);
  for (const room of rooms) {
    expect(sources.filter(({ path }) => roomOf(path) === room).length, room).toBeGreaterThan(0);
  }
});

describe.each(rooms)('%s', (room) => {
  const own = sources.filter(({ path }) => roomOf(path) === room);

  test('imports only from rooms that it may use', () => {
    const allowed = [room, ...(MAY_IMPORT[room] ?? [])];
    const wrong = own.flatMap((source) =>
      source.imports
        .filter(isRelative)
        .map((one) => target(source, one))
        .filter((path) => !allowed.includes(roomOf(path)))
        .map((path) => `${source.path} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('imports files that exist', () => {
    const known = new Set(sources.map(({ path }) => path));
    const missing = own.flatMap((source) =>
      source.imports
        .filter(isRelative)
        .map((one) => target(source, one))
        .filter((path) => !known.has(path))
        .map((path) => `${source.path} imports ${path}`),
    );
    expect(missing).toEqual([]);
  });

  test('has no any and no non-null assertion', () => {
    const wrong = own.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line: withoutText(line), place: `${path}:${index + 1}` }))
        .filter(({ line }) => /(?::|<|\bas|\|)\s*any\b(?!\()|[\w)\]]!(?:[.;,)\]]|$)/.test(line))
        .map(({ line, place }) => `${place}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** A line without its comments and string literals. */
function withoutText(line: string): string {
  return /^\s*(\/?\*|\/\/)/.test(line)
    ? ''
    : line.replace(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''").replace(/\/\/.*$/, '');
}

test('golden and hdl-gen need nothing but the language and Node', () => {
  const foreign = sources
    .filter(({ path }) => ['golden', 'hdl-gen'].includes(roomOf(path)))
    .flatMap(({ path, imports }) =>
      imports
        .filter((one) => !isRelative(one))
        .filter(({ specifier }) => roomOf(path) === 'golden' || !specifier.startsWith('node:'))
        .map(({ specifier }) => `${path} imports ${specifier}`),
    );
  expect(foreign).toEqual([]);
});

test('no file imports itself, directly or in a circle; types apart', () => {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter((one) => isRelative(one) && !one.typeOnly).map((one) => target(source, one)),
    ]),
  );
  expect(circleIn(edges)).toBeUndefined();
  expect(circleIn(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] })))).toBe('b -> c -> b');
});

function circleIn(edges: ReadonlyMap<string, readonly string[]>): string | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' -> ');
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
