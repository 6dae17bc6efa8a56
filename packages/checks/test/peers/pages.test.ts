import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { peers } from '../../src/peers/peers.ts';
import { codeWords, publicNames } from '../../src/peers/public-names.ts';

const newcomersName: Readonly<Record<string, string>> = {
  'rabbitmq-client': 'createConsumer',
  '@cloudamqp/amqp-client': 'consumeOne',
};

describe.each(peers)('docs/$page', ({ name, page: file, folder, files }) => {
  const page = readFileSync(new URL(`../../../../docs/${file}`, import.meta.url), 'utf8');

  it.each(files)('names every call, event, option and type of %s', (path) => {
    const words = codeWords(page);
    const names = publicNames({ path, text: readFileSync(join(folder, path), 'utf8') });
    expect(names.filter((each) => !words.has(each))).toEqual([]);
  });

  it('finds the names that a newcomer looks for', () => {
    const names = files.flatMap((path) => publicNames({ path, text: readFileSync(join(folder, path), 'utf8') }));
    expect(names.length).toBeGreaterThan(60);
    expect(names).toContain(newcomersName[name] ?? 'sendToQueue');
  });
});
