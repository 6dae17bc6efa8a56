import { describe, expect, it } from 'vitest';
import { addressOf, guides, titleOf } from '../src/site-pages.ts';

describe('the pages of the site', () => {
  it('are the documents and the READMEs of packages', () => {
    expect(addressOf('docs/guide.md')).toBe('/guide');
    expect(addressOf('docs/README.md')).toBe('/contents');
    expect(addressOf('packages/client/README.md')).toBe('/packages/client');
    expect(addressOf('CONTRIBUTING.md')).toBeUndefined();
    expect(addressOf('packages/rpc/test/broker/python.py')).toBeUndefined();
  });

  it('are called by their first heading', () => {
    expect(titleOf({ path: 'docs/a.md', text: '# `@puka/a`, a thing\n' })).toBe('@puka/a, a thing');
    expect(titleOf({ path: 'docs/a.md', text: 'no heading' })).toBe('docs/a.md');
  });

  it('stand in the order of the contents, new ones at the end, those of other clients apart', () => {
    const contents = { path: 'docs/README.md', text: '[b](b.md), [a](a.md#part), [from x](from-x.md)' };
    const page = (name: string) => ({ path: `docs/${name}.md`, text: `# ${name}` });
    const { pages, others } = guides([page('a'), page('b'), page('c'), page('from-x'), page('from-y'), contents]);
    expect(pages.map(({ link }) => link)).toEqual(['/b', '/a', '/c']);
    expect(others.map(({ link }) => link)).toEqual(['/from-x', '/from-y']);
  });
});
