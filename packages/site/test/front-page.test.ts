import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frontPage } from '../src/front-page.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

describe('the front page', () => {
  it('has the features of the README, its install command and its first programs', () => {
    const [, matter = ''] = frontPage(readme).split('---\n');
    const { features, hero } = JSON.parse(matter);
    expect(features.length).toBeGreaterThan(3);
    for (const { title, details } of features) expect(`${title}${details}`).not.toMatch(/[*\n]/);
    expect(hero.tagline).toContain('RabbitMQ');
    for (const text of ['npm install @puka/client', '## Send', 'basicPublish', '## Receive', 'message.ack()']) {
      expect(frontPage(readme)).toContain(text);
    }
  });

  it('is not made of a README that has none of these', () => {
    expect(() => frontPage('# Puka\n\nA client.\n')).toThrow('the README has no');
  });
});
