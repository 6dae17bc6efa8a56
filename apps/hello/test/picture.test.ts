import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { drawPicture } from '../src/picture.ts';
import { Terminal } from './terminal.ts';

const plain = new PassThrough();
const halfway = { total: 123456, sent: 123456, confirmed: 61728, received: 0 };

afterEach(() => vi.unstubAllEnvs());

it.each([1, 5, 20, 30, 40, 50, 60, 80, 120, 300])('leaves the last of %i columns free', (columns) => {
  const widths = drawPicture(halfway, columns, plain).map((row) => row.length);
  expect(Math.max(...widths)).toBeLessThan(columns);
  if (columns >= 40) expect(drawPicture(halfway, columns, plain).join('\n')).toMatch(/\[#+\.+\]/);
});

it('draws full bars at the end, and for an empty file', () => {
  for (const total of [10, 0]) {
    const picture = drawPicture({ total, sent: total, confirmed: total, received: total }, 80, plain).join('\n');
    expect(picture.match(/\[#+\]/g)).toHaveLength(3);
    expect(picture).toContain('( 0 on their way )');
  }
});

describe('colour', () => {
  const color = '\u001b[32m';
  const draw = (output: PassThrough | Terminal): string => drawPicture(halfway, 80, output).join('\n');
  const environment = (values: Record<string, string>): void => {
    for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI']) vi.stubEnv(name, values[name]);
    vi.stubEnv('TERM', values['TERM'] ?? 'xterm-256color');
  };

  it('is for terminals', () => {
    environment({});
    expect(draw(new Terminal(80))).toContain(color);
    expect(draw(plain)).not.toContain('\u001b');
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }, { FORCE_COLOR: '0' }])('is not wanted with %o', (values) => {
    environment(values);
    expect(draw(new Terminal(80))).not.toContain('\u001b');
  });

  it('is wanted everywhere with FORCE_COLOR', () => {
    environment({ FORCE_COLOR: '1' });
    expect(draw(plain)).toContain(color);
  });
});
