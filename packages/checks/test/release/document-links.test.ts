import { describe, expect, test } from 'vitest';
import { findBadLinks, headingNames } from '../../src/release/document-links.ts';
import { pageOf } from '../../src/release/forge.ts';

const files = new Map([['docs/guide.md', '# Guide\n\n## The `wait` call\n']]);

function complaints(path: string, text: string): string[] {
  const headingsOf = (name: string): string[] | undefined => {
    const found = name === path ? text : files.get(name);
    return found === undefined ? undefined : headingNames(found);
  };
  return findBadLinks({ path, text }, (name) => files.has(name) || name === path, headingsOf).map(
    ({ line, message }) => `${line}: ${message}`,
  );
}

describe('a document', () => {
  test('may link to what is there, to its headings, and to anything elsewhere', () => {
    const text = '# A b\n[1](docs/guide.md) [2](docs/guide.md#the-wait-call) [3](#a-b) [4](https://example.org/x)';
    expect(complaints('README.md', text)).toEqual([]);
  });

  test('must not link to a file that is not there, from its own folder', () => {
    expect(complaints('docs/a.md', '\n[x](guide.md) [y](docs/guide.md)')).toEqual([
      "2: 'docs/guide.md' leads to 'docs/docs/guide.md', which is not there",
    ]);
  });

  test('must not link to a heading that is not there', () => {
    expect(complaints('README.md', '[x](docs/guide.md#none)')).toEqual([
      "1: 'docs/guide.md#none': 'docs/guide.md' has no heading 'none'",
    ]);
  });

  test('may hold in code what looks like a link', () => {
    expect(complaints('README.md', '```\n[x](none.md)\n```\n`[y](none.md)`')).toEqual([]);
  });
});

describe('the README of a package', () => {
  test('must not have a relative link', () => {
    expect(complaints('packages/wire/README.md', '[guide](../../docs/guide.md)')).toEqual([
      "1: '../../docs/guide.md' has to be absolute: the page of a registry has no files beside it",
    ]);
  });

  test('may link to a page of the forge, if its file is there', () => {
    const text = `[x](${pageOf('docs/guide.md')}) [y](${pageOf('docs/none.md')})`;
    expect(complaints('packages/wire/README.md', text)).toEqual([
      `1: '${pageOf('docs/none.md')}' leads to 'docs/none.md', which is not there`,
    ]);
  });
});

test('names a second heading of the same text with a number', () => {
  expect(headingNames('# One, two\n## One, two\n')).toEqual(['one-two', 'one-two-1']);
});
