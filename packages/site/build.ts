// Builds the site into dist/site: gathers the pages, writes the API reference, lets VitePress lay both out, and checks every
// link. A public name without a doc comment, a link that leads nowhere or an anchor that is missing fails the build.
// It must not hold rules: those are in src/.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LinkChecker } from 'linkinator';
import { Application, type ProjectReflection } from 'typedoc';
import { build } from 'vitepress';
import { apiSidebar } from './src/api-sidebar.ts';
import { frontPage } from './src/front-page.ts';
import { relink } from './src/relink.ts';
import { addressOf, type Document, entryOf, guides, pictureAddress } from './src/site-pages.ts';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly repository?: { readonly url: string };
  readonly exports?: Readonly<Record<string, { readonly 'puka:source'?: string }>>;
}

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const pages = join(here, 'dist/pages');
const api = join(pages, 'api');
/** As in .vitepress/config.ts. */
const base = process.env.SITE_BASE || '/';

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(read(`packages/${folder}/package.json`));
}

/** Where the sources are. */
function forgeUrl(): string {
  return (manifestOf('client').repository?.url ?? '').replace(/^git\+|\.git$/g, '');
}

/** Folders of the packages that are published, by their listing. */
function publishedFolders(): string[] {
  return readdirSync(join(root, 'packages')).filter((folder) => manifestOf(folder).private !== true);
}

/** Writes the pages. @returns the navigation of the guides. */
function gatherPages(folders: readonly string[]): object[] {
  const documents: Document[] = [
    ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
    ...folders.map((folder) => `packages/${folder}/README.md`),
  ]
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: read(path) }));
  const targets = {
    forge: forgeUrl(),
    pages: new Set(documents.map(({ path }) => path)),
    packages: new Map(folders.map((folder) => [manifestOf(folder).name, folder])),
  };
  for (const document of documents) {
    write(join(pages, `${addressOf(document.path)}.md`), relink(document, targets));
  }
  for (const name of readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })) {
    const address = pictureAddress(`docs/${name}`);
    if (address !== undefined) write(join(pages, 'public', address), read(`docs/${name}`));
  }
  write(join(pages, 'index.md'), relink({ path: 'README.md', text: frontPage(read('README.md')) }, targets));
  const { pages: guidePages, others } = guides(documents);
  const packages = documents.filter(({ path }) => path.startsWith('packages/')).map(entryOf);
  return [
    { text: 'Guides', items: guidePages },
    { text: 'From other clients', items: others },
    { text: 'Packages', items: packages },
  ];
}

/** Writes the reference. @returns its navigation. @throws {Error} if a name has no doc comment, or a link no target. */
async function writeReference(folders: readonly string[]): Promise<object[]> {
  const names = new Map<string, string>();
  for (const folder of folders) {
    const { name, exports = {} } = manifestOf(folder);
    for (const [subpath, { 'puka:source': source }] of Object.entries(exports)) {
      if (source !== undefined) names.set(join(root, 'packages', folder, source), join(name, subpath));
    }
  }
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: [...names.keys()],
    tsconfig: join(here, 'tsconfig.api.json'),
    ...{ excludeInternal: true, excludePrivate: true, excludeExternals: true, readme: 'none', githubPages: false },
    ...{ disableGit: true, sourceLinkTemplate: `${forgeUrl()}/blob/main/{path}#L{line}`, basePath: root },
    sort: ['source-order'],
    outputs: [{ name: 'markdown', path: api }],
    validation: { notExported: true, invalidLink: true, notDocumented: true },
    // The default of typedoc without constructors: their `@param` or their class documents them.
    requiredToBeDocumented: [
      ...(['EnumMember', 'Variable', 'Function', 'Class', 'Interface', 'Property'] as const),
      ...(['Method', 'Accessor', 'TypeAlias', 'Enum'] as const),
    ],
    // Parts of the condition of a conditional type, which typedoc takes for names.
    intentionallyNotDocumented: [
      ...['@puka/rpc.CallSignal.__type.AbortSignal', '@puka/rpc.CallSignal.__type.AbortSignal.__type.prototype'],
      ...['@puka/worker.JobSignal.__type.AbortSignal', '@puka/worker.JobSignal.__type.AbortSignal.__type.prototype'],
      '@puka/testing.MethodMatch.__type.type',
    ],
    packagesRequiringDocumentation: folders.map((folder) => manifestOf(folder).name),
  });
  // What typedoc-plugin-markdown adds is unknown to the types of typedoc.
  for (const [name, value] of Object.entries(markdownOptions)) app.options.setValue(name as never, value as never);
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc found mistakes in the sources');
  nameModules(project, names);
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('the doc comments have mistakes, see above');
  await app.generateOutputs(project);
  const files = readdirSync(api, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  return apiSidebar([...names.values()], files);
}

const markdownOptions = {
  entryFileName: 'index',
  membersWithOwnFile: ['Class', 'Interface'],
  ...{ hidePageHeader: true, hideBreadcrumbs: true, hideGroupHeadings: false },
  ...{ useCodeBlocks: true, expandObjects: false, sanitizeComments: true, useHTMLEncodedBrackets: true },
  ...{ parametersFormat: 'table', interfacePropertiesFormat: 'table', classPropertiesFormat: 'table' },
  ...{ enumMembersFormat: 'table', typeDeclarationFormat: 'table', propertyMembersFormat: 'table' },
  tableColumnSettings: { hideModifiers: true, hideSources: true, hideInherited: true, hideOverrides: true },
};

/** A module is called as it is imported, not after its folder. */
function nameModules(project: ProjectReflection, names: ReadonlyMap<string, string>): void {
  for (const module of project.children ?? []) {
    const name = names.get(module.sources?.[0]?.fullFileName ?? '');
    if (name === undefined) throw new Error(`${module.name} is no entry point`);
    module.name = name;
  }
  project.name = 'API reference';
}

/** A folder below which the site is where its links expect it. */
function serverRoot(): string {
  const site = join(here, 'dist/site');
  if (base === '/') return site;
  const served = join(here, 'dist/served', base);
  mkdirSync(dirname(served), { recursive: true });
  symlinkSync(site, served.replace(/\/$/, ''));
  return join(here, 'dist/served');
}

async function checkLinks(): Promise<void> {
  const checker = new LinkChecker();
  const { links } = await checker.check({
    path: `.${base}`,
    serverRoot: serverRoot(),
    ...{ recurse: true, checkFragments: true, concurrency: 20 },
    // What is elsewhere is not ours to mend, and a check must not depend on it. Scripts and styles are VitePress's own.
    linksToSkip: async (link) => !/^http:\/\/localhost[:/]/.test(link) || link.includes('/assets/'),
  });
  const dead = links.filter(({ state }) => state === 'BROKEN');
  for (const { url, parent } of dead) console.error(`${parent}: ${url} leads nowhere`);
  console.log(`links: ${links.filter(({ state }) => state === 'OK').length} checked, ${dead.length} dead`);
  if (dead.length > 0 || links.length < 100) throw new Error('the site has dead links');
}

const folders = publishedFolders();
rmSync(join(here, 'dist'), { recursive: true, force: true });
const guideGroups = gatherPages(folders);
const apiGroups = await writeReference(folders);
write(join(here, 'dist/sidebar.json'), JSON.stringify({ guides: guideGroups, api: apiGroups }));
await build(here);
await checkLinks();
