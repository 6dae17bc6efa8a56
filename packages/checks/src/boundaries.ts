// The rules about which code may be where: layers, cycles, runtime globals, dependencies. It judges sources given to it
// and must not read files, so that its tests can prove each rule on a few lines.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { findImportCycles } from './import-cycles.ts';
import { type ParsedModule, parseModule, type SourceFile } from './parse-module.ts';
import { findRuntimeGlobals } from './runtime-globals.ts';

/** What of a package.json the rules look at. `path` as of a source file. */
export interface Manifest {
  readonly path: string;
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type Rule = 'layer' | 'room' | 'path-into-package' | 'app-imported' | 'third-party' | 'cycle' | 'runtime-global';

export interface Violation {
  readonly rule: Rule;
  readonly path: string;
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number;
  readonly message: string;
}

/** What the sources of each package may import of the others. */
const layers: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  wire: ['errors'],
  transport: ['errors'],
  client: ['errors', 'wire', 'transport'],
  testing: ['errors', 'wire', 'transport'],
  // Over the public API of the client alone.
  worker: ['errors', 'client'],
  topology: ['errors', 'client'],
  rpc: ['errors', 'client'],
  opentelemetry: ['client'],
  // A program: its parser and its terminal libraries are third parties, and nothing imports it.
  // What it uses of the test kit, the fault proxy, is bundled into it.
  cli: ['client', 'testing', 'transport', 'testkit'],
  testkit: ['errors', 'wire', 'transport', 'client'],
  checks: ['testkit'],
};
/** The rooms of the client, floor by floor: a room imports from lower floors and from itself, never from beside it. */
const clientRooms: readonly (readonly string[])[] = [
  ['runtime', 'session', 'generated'],
  ['operations', 'connecting'],
  ['connection'],
  ['publishing', 'topology'],
  ['consuming', 'recovery'],
  ['diagnostics'],
];
/** What would be allowed by the floors, and is not. */
const separateRooms: readonly (readonly [from: string, to: string])[] = [['consuming', 'publishing']];
const clientSources = 'packages/client/src/';

/** The packages that users install: they depend on each other and on nothing else. */
const published = ['errors', 'wire', 'transport', 'client', 'testing', 'worker', 'topology', 'rpc', 'opentelemetry'];
/** Packages over the public API of the client: they import its root alone. */
const overClient = ['worker', 'topology', 'rpc', 'opentelemetry', 'cli'];
/** Third parties that users bring along: a package may import them, and has them as peers alone. */
const peers: Readonly<Record<string, readonly string[]>> = { opentelemetry: ['@opentelemetry/api'] };
/** Code without a clock, timers, randomness or a runtime. */
const pure = [
  'packages/errors/src/',
  'packages/wire/src/',
  'packages/client/src/session/',
  'packages/testing/src/model/',
  'packages/testing/src/protocol/',
];

/** The conformance suite, which runs on what is packed. */
const conformance = [
  'packages/client/test/broker/',
  'packages/transport/test/memory/',
  'packages/transport/test/contract.test.ts',
];

const builtins = new Set(builtinModules);

/** Every violation in the workspace, sorted by path and line. */
export function checkBoundaries(files: readonly SourceFile[], manifests: readonly Manifest[]): Violation[] {
  const modules = files.map(parseModule);
  const appNames = manifests.filter(({ path }) => path.startsWith('apps/')).map(({ name }) => name);
  const violations = [
    ...manifests.flatMap(checkDependencies),
    ...modules.flatMap((module) => [...checkImports(module, appNames), ...checkGlobals(module)]),
    ...checkCycles(modules),
  ];
  return violations.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

/** One line for people: where, which rule, what. */
export function describeViolation({ path, line, rule, message }: Violation): string {
  return `${path}${line > 0 ? `:${line}` : ''}  ${rule}  ${message}`;
}

function checkDependencies(manifest: Manifest): Violation[] {
  const folder = /^packages\/([^/]+)\//.exec(manifest.path)?.[1];
  if (folder === undefined || !published.includes(folder)) return [];
  const { path, dependencies, peerDependencies, optionalDependencies } = manifest;
  const allowed = (layers[folder] ?? []).map((name) => `@puka/${name}`);
  const peersLeft = Object.keys(peerDependencies ?? {}).filter((name) => !peers[folder]?.includes(name));
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peersLeft]
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      rule: name.startsWith('@puka/') ? 'layer' : 'third-party',
      path,
      line: 0,
      message: `${folder} must not depend on ${name}`,
    }));
}

function checkImports(module: ParsedModule, appNames: readonly string[]): Violation[] {
  const found: Violation[] = [];
  const [area = '', folder = ''] = module.path.split('/');
  const own = `${area}/${folder}/`;
  const inSources = area === 'packages' && module.path.startsWith(`${own}src/`);
  for (const { specifier, line } of module.imports) {
    const report = (rule: Rule, message: string): void => {
      found.push({ rule, path: module.path, line, message });
    };
    if (specifier.startsWith('.') || specifier.startsWith('/')) {
      const target = posix.join(posix.dirname(module.path), specifier);
      if (target.startsWith(own)) {
        if (!mayEnterRoom(module.path, target)) report('room', `a room must not import '${specifier}'`);
        if (inSources && !target.startsWith(`${own}src/`)) {
          report('path-into-package', `sources must not reach out of src: '${specifier}'`);
        }
        if (conformance.some((prefix) => module.path.startsWith(prefix)) && target.startsWith(`${own}src/`)) {
          report('path-into-package', `tests of the conformance suite use the packed package only: '${specifier}'`);
        }
      } else if (target.startsWith('apps/')) report('app-imported', `nothing imports an app: '${specifier}'`);
      else report('path-into-package', `another package is imported by name, never by path: '${specifier}'`);
      continue;
    }
    if (appNames.some((name) => specifier === name || specifier.startsWith(`${name}/`))) {
      report('app-imported', `nothing imports an app: '${specifier}'`);
      continue;
    }
    const target = /^@puka\/([^/]+)(\/(?:src|dist)(?:\/|$))?/.exec(specifier);
    if (target === null) {
      if (inSources) checkOutside(module.path, folder, specifier, report);
      continue;
    }
    if (target[2] !== undefined) report('path-into-package', `'${specifier}' reaches past the exports of a package`);
    const allowed = layers[folder];
    const reachesIn = overClient.includes(folder) && specifier.startsWith('@puka/client/');
    if (inSources && allowed !== undefined && (reachesIn || !allowed.includes(target[1] ?? ''))) {
      report('layer', `${folder} must not import '${specifier}'`);
    }
  }
  return found;
}

/** The floor of a file of the client; the files at the top are above all rooms, and what is no file of the client is nowhere. */
function roomOf(path: string): { readonly room: string; readonly floor: number } | undefined {
  if (!path.startsWith(clientSources)) return undefined;
  const [room = '', ...rest] = path.slice(clientSources.length).split('/');
  if (rest.length === 0) return { room: '', floor: clientRooms.length };
  return { room, floor: clientRooms.findIndex((floor) => floor.includes(room)) };
}

function mayEnterRoom(from: string, to: string): boolean {
  const importer = roomOf(from);
  const imported = roomOf(to);
  if (importer === undefined || imported === undefined) return true;
  if (importer.floor < 0 || imported.floor < 0) return false;
  if (importer.room === imported.room) return true;
  if (separateRooms.some(([room, other]) => room === importer.room && other === imported.room)) return false;
  // `session` is exported by itself and writes the client's version.
  if (importer.room === 'session') return imported.room === 'generated';
  return imported.floor < importer.floor;
}

function checkOutside(
  path: string,
  folder: string,
  specifier: string,
  report: (rule: Rule, message: string) => void,
): void {
  const builtin = specifier.startsWith('node:') || builtins.has(specifier);
  if (builtin && pure.some((prefix) => path.startsWith(prefix))) {
    report('runtime-global', `'${specifier}' belongs to a runtime`);
  }
  if (peers[folder]?.includes(specifier)) return;
  if (!builtin && published.includes(folder)) report('third-party', `${folder} must not import '${specifier}'`);
}

function checkGlobals(module: ParsedModule): Violation[] {
  if (!pure.some((prefix) => module.path.startsWith(prefix))) return [];
  return findRuntimeGlobals(module).map(({ name, line }) => ({
    rule: 'runtime-global',
    path: module.path,
    line,
    message: `${name} must come from outside`,
  }));
}

function checkCycles(modules: readonly ParsedModule[]): Violation[] {
  const sources = modules.filter(({ path }) => /^(?:packages|apps)\/[^/]+\/src\//.test(path));
  return findImportCycles(sources).map((cycle) => ({
    rule: 'cycle',
    path: cycle[0] ?? '',
    line: 0,
    message: cycle.join(' -> '),
  }));
}
