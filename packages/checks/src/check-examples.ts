// Type-checks examples against the sources of the packages, each as a module of its own under strict settings.
// It must not run them, and must not know where they come from.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CodeBlock } from './code-blocks.ts';
import { peers } from './peers/peers.ts';

/** The compiler's errors in the examples, a line each as `path:line:column  message`; none when all compile. */
export async function checkExamples(root: string, blocks: readonly CodeBlock[]): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'puka-docs-'));
  try {
    const files = blocks.map((block) => writeModule(scratch, block));
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(configuration(root, files)));
    return await compile(root, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** `README.md.l12.mts`, with the code on the line it has in the document, so that a message leads there. */
function writeModule(scratch: string, { path, line, code }: CodeBlock): string {
  const file = `${path}.l${line}.mts`;
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), '\n'.repeat(line - 1) + code);
  return file;
}

function configuration(root: string, files: readonly string[]): object {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      ...{ declaration: false, isolatedDeclarations: false },
      // An example shows one thing; what it declares need not be used.
      ...{ noUnusedLocals: false, noUnusedParameters: false },
      ...{ moduleDetection: 'force', types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
      paths: sourcePaths(root),
    },
    files,
  };
}

/** Every name that can be imported of the packages, with its source. */
function sourcePaths(root: string): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  const packages = join(root, 'packages');
  for (const { name: folder } of readdirSync(packages, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    const manifest: { name: string; exports?: Record<string, { 'puka:source'?: string }> } = JSON.parse(
      readFileSync(join(packages, folder, 'package.json'), 'utf8'),
    );
    for (const [subpath, { 'puka:source': source }] of Object.entries(manifest.exports ?? {})) {
      if (source !== undefined) paths[manifest.name + subpath.slice(1)] = [join(packages, folder, source)];
    }
  }
  // The pages for people who come from other clients show programs that use these.
  for (const { name, folder, files } of peers) paths[name] = [join(folder, files[0])];
  return paths;
}

function compile(root: string, scratch: string): Promise<string[]> {
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  const args = ['-p', 'tsconfig.json', '--pretty', 'false'];
  return new Promise((resolve, reject) => {
    execFile(compiler, args, { cwd: scratch, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const complaints = stdout.split('\n').filter((text) => text.trim() !== '');
      if (error !== null && complaints.length === 0) reject(new Error(`tsc failed: ${stderr || error.message}`));
      else resolve(complaints.map(inDocument));
    });
  });
}

/** `docs/a.md.l3.mts(5,7): error …` is line 5 of docs/a.md. */
function inDocument(complaint: string): string {
  return complaint.replace(/^(.+?)\.l\d+\.mts\((\d+),(\d+)\): /, '$1:$2:$3  ');
}
