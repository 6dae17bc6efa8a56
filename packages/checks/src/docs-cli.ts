// Type-checks every TypeScript example in the READMEs, in docs/ and in the doc comments of the published packages;
// exit code 1 when one is wrong.
// It must not hold rules: those are in code-blocks.ts and check-examples.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkExamples } from './check-examples.ts';
import { docCommentBlocks, markdownBlocks } from './code-blocks.ts';
import { findNewSyntax } from './old-syntax.ts';
import type { SourceFile } from './parse-module.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

function read(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** The files below a folder whose names end so, relative to the root; none when the folder is not there. */
function filesIn(folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.split(sep).includes('node_modules'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`);
}

function isPublished(folder: string): boolean {
  const manifest: { private?: boolean } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return manifest.private !== true;
}

const folders = ['packages', 'apps'].flatMap((area) =>
  existsSync(join(root, area)) ? readdirSync(join(root, area)).map((name) => `${area}/${name}`) : [],
);
const documents = [
  ...['README.md', 'CONTRIBUTING.md', ...folders.map((folder) => `${folder}/README.md`)].filter((path) =>
    existsSync(join(root, path)),
  ),
  ...filesIn('docs', '.md'),
];
const sources = folders.filter(isPublished).flatMap((folder) => filesIn(`${folder}/src`, '.ts'));

try {
  const blocks = [
    ...documents.flatMap((path) => markdownBlocks(read(path))),
    ...sources.flatMap((path) => docCommentBlocks(read(path))),
  ];
  const complaints = [...(await checkExamples(root, blocks)), ...(await findNewSyntax(blocks))];
  for (const complaint of complaints) console.error(complaint);
  console.log(`docs: ${blocks.length} examples, ${complaints.length} complaints`);
  if (complaints.length > 0 || blocks.length === 0) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
