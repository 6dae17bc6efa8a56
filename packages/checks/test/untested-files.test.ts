import { describe, expect, it } from 'vitest';
import { parseModule } from '../src/parse-module.ts';
import { findUntestedFiles } from '../src/untested-files.ts';

function find(sources: Record<string, string>, packages: string[] = ['wire']): string[] {
  const modules = Object.entries(sources).map(([path, text]) => parseModule({ path, text }));
  return findUntestedFiles(modules, packages).map(({ path, testPath }) => `${path} -> ${testPath}`);
}
const path = 'packages/wire/src/a/b.ts';
const untested = `${path} -> packages/wire/test/a/b.test.ts`;

describe('logic', () => {
  it.each([
    'export function f() { return 1; }',
    'const f = () => 1;',
    'export const table = { a: { f() { return 1; } } };',
    'export class A { get a() { return 1; } }',
    'export class A { constructor(readonly b: number) {} }',
    'class A { static { A.name; } }',
    'export default async function* () {}',
    'start();',
    'for (const a of b) a.c = 1;',
  ])('is noticed: %s', (text) => {
    expect(find({ [path]: text })).toEqual([untested]);
  });

  it.each([
    'export interface A { f(): void }',
    'export type F = (a: number) => string;',
    "export * from './c.ts'; export { d } from './d.ts'; import './e.ts';",
    "import { a } from './c.ts'; export { a };",
    'export const limit = 5; export const names = ["a", `b`] as const;',
    'export declare function f(): void; declare class A { f(): void }',
    'export abstract class A { readonly b: number = 1; abstract f(): void; }',
    'export const enum A { b = 1 }',
    '',
  ])('is none: %s', (text) => {
    expect(find({ [path]: text })).toEqual([]);
  });
});

it('a test in its place is enough, and no other one', () => {
  const text = 'export function f() {}';
  expect(find({ [path]: text, 'packages/wire/test/a/b.test.ts': '' })).toEqual([]);
  for (const elsewhere of [
    'packages/wire/test/b.test.ts',
    'packages/client/test/a/b.test.ts',
    'packages/wire/test/a/b.ts',
  ]) {
    expect(find({ [path]: text, [elsewhere]: '' })).toEqual([untested]);
  }
});

it('generated files, tests, scripts and other packages are left alone', () => {
  const text = 'export function f() {}';
  expect(
    find({
      'packages/wire/src/generated/a.ts': text,
      'packages/wire/test/helper.ts': text,
      'packages/wire/scripts/a.ts': text,
      'packages/client/src/a.ts': text,
    }),
  ).toEqual([]);
});

it('reports what is missing in the order of the paths', () => {
  const text = 'export function f() {}';
  expect(
    find({ 'packages/wire/src/b.ts': text, 'packages/errors/src/a.ts': text, 'packages/wire/src/a.ts': text }, [
      'wire',
      'errors',
    ]),
  ).toEqual([
    'packages/errors/src/a.ts -> packages/errors/test/a.test.ts',
    'packages/wire/src/a.ts -> packages/wire/test/a.test.ts',
    'packages/wire/src/b.ts -> packages/wire/test/b.test.ts',
  ]);
});
