/** The settings under which users compile a program against the packages. It must not compile. */

/** A program and the compiler that takes it. */
export interface TypedProject {
  /** The file of its settings. */
  readonly settings: string;
  /** The file of its program. */
  readonly program: string;
  readonly compiler: 'latest' | 'TypeScript 5';
  readonly compilerOptions: object;
}

const strict = {
  ...{ target: 'ES2022', lib: ['ES2023'], strict: true, noEmit: true, skipLibCheck: false, types: ['node'] },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
};
const commonJs = { settings: 'tsconfig.commonjs.json', program: 'use.cts' };

/** Each way to resolve packages, with the compilers that know it. */
export const typedProjects: readonly TypedProject[] = [
  {
    ...{ settings: 'tsconfig.json', program: 'use.mts', compiler: 'latest' },
    compilerOptions: { ...strict, module: 'NodeNext' },
  },
  // Files of CommonJS: TS1479 if a package has no types for them.
  { ...commonJs, compiler: 'latest', compilerOptions: { ...strict, module: 'Node16' } },
  { ...commonJs, compiler: 'TypeScript 5', compilerOptions: { ...strict, module: 'Node16' } },
  // What looks at `main`, `types` and `typesVersions` and knows nothing of `exports`.
  {
    ...{ settings: 'tsconfig.node10.json', program: 'use-node10.ts', compiler: 'TypeScript 5' },
    compilerOptions: { ...strict, module: 'CommonJS', moduleResolution: 'Node10' },
  },
];
