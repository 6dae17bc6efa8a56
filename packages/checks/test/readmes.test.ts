import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { publishedPackages } from '../src/tarballs.ts';

describe('the README of a published package', () => {
  it.each(publishedPackages)('links the guide, by an address that works on the registry: %s', (name) => {
    const text = readFileSync(new URL(`../../${name}/README.md`, import.meta.url), 'utf8');
    expect(text).toContain('https://github.com/puka-amqp/puka/blob/main/docs/guide.md');
  });
});
