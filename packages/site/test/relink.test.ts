import { describe, expect, it } from 'vitest';
import { relink } from '../src/relink.ts';

const targets = {
  forge: 'https://forge.example/p',
  pages: new Set(['docs/guide.md', 'docs/recovery.md', 'packages/client/README.md']),
  packages: new Map([['@puka/client', 'client']]),
};

function linked(target: string, path = 'docs/guide.md'): string {
  return relink({ path, text: `see [it](${target}).` }, targets).slice('see [it]('.length, -2);
}

describe('a link of a page', () => {
  it('to another page leads there', () => {
    expect(linked('recovery.md#events')).toBe('/recovery#events');
    expect(linked('../packages/client/README.md')).toBe('/packages/client');
    expect(linked('../packages/client')).toBe('/packages/client');
  });

  it('that is absolute for the page of a registry leads to the page of the site', () => {
    const readme = 'packages/client/README.md';
    expect(linked('https://forge.example/p/blob/main/docs/guide.md#order', readme)).toBe('/guide#order');
    expect(linked('https://www.npmjs.com/package/@puka/client', readme)).toBe('/packages/client');
  });

  it('to a file that is no page leads to the forge', () => {
    expect(linked('../packages/rpc/test/python.py')).toBe(
      'https://forge.example/p/blob/main/packages/rpc/test/python.py',
    );
    expect(linked('../apps/send')).toBe('https://forge.example/p/tree/main/apps/send');
  });

  it('to a picture leads to its copy', () => {
    expect(linked('performance/publish.svg')).toBe('/performance/publish.svg');
    expect(linked('docs/performance/publish.svg', 'README.md')).toBe('/performance/publish.svg');
  });

  it('to elsewhere, or within the page, stays', () => {
    expect(linked('https://www.rabbitmq.com/docs')).toBe('https://www.rabbitmq.com/docs');
    expect(linked('#order')).toBe('#order');
  });

  it('in code is no link', () => {
    const text = '```ts\na[0](recovery.md)\n```';
    expect(relink({ path: 'docs/guide.md', text }, targets)).toBe(text);
  });
});
