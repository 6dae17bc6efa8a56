/**
 * Makes the jsr.json of a package from its package.json, so that name, version and exports agree. JSR publishes the sources.
 * It must not read files.
 */

/** What is read of a package.json. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, unknown>>;
  /** A program has no other entry point. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * @param versions the version of each package of the workspace and of the catalog, by name.
 * @throws {Error} if an entry point names no source, or a dependency has no version.
 */
export function jsrConfig(manifest: PackageManifest, versions: ReadonlyMap<string, string>): object {
  const { name, version, license, exports, bin, dependencies = {}, peerDependencies = {} } = manifest;
  const imports = Object.keys({ ...dependencies, ...peerDependencies }).map((dependency) => [
    dependency,
    specifierOf(dependency, versions),
  ]);
  return {
    $schema: 'https://jsr.io/schema/config-file.v1.json',
    ...{ name, version, license },
    exports: bin === undefined ? sourcesOf(exports) : './src/index.ts',
    ...(imports.length > 0 ? { imports: Object.fromEntries(imports) } : {}),
    publish: { include: ['src', 'README.md'] },
  };
}

function sourcesOf(exports: Readonly<Record<string, unknown>>): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const [subpath, conditions] of Object.entries(exports)) {
    if (subpath === './package.json') continue;
    const source: unknown = Object(conditions)['puka:source'];
    if (typeof source !== 'string') throw new Error(`the entry point '${subpath}' names no source`);
    sources[subpath] = source;
  }
  return sources;
}

function specifierOf(dependency: string, versions: ReadonlyMap<string, string>): string {
  const version = versions.get(dependency);
  if (version === undefined) throw new Error(`no version is known for '${dependency}'`);
  return `${dependency.startsWith('@puka/') ? 'jsr' : 'npm'}:${dependency}@^${version}`;
}
