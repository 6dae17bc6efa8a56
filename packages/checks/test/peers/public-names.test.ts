import { describe, expect, it } from 'vitest';
import { codeWords, publicNames } from '../../src/peers/public-names.ts';

function namesIn(text: string): string[] {
  return publicNames({ path: 'peer.d.ts', text });
}

describe('the public names of type declarations', () => {
  it('are exported declarations and their members', () => {
    const text = `export declare class Connection { constructor(url: string); close(): void; readonly ready: boolean }
      export interface Options { 'x-expires'?: number; nested: { inner: string } }
      export declare enum Status { ACK = 0 }
      export declare function connect(url: string): Connection;`;
    expect(namesIn(text)).toEqual(
      ['ACK', 'Connection', 'Options', 'Status', 'close', 'connect', 'inner', 'nested', 'ready', 'x-expires'].sort(),
    );
  });

  it('are the events of on, not on itself', () => {
    const text = `export interface Channel { on(event: 'drain', listener: () => void): this; once(event: 'close', listener: (error: 'x') => void): this }`;
    expect(namesIn(text)).toEqual(['Channel', 'close', 'drain']);
  });

  it('are those of a namespace too', () => {
    expect(namesIn('export namespace Options { interface Publish { mandatory?: boolean } }')).toEqual([
      'Options',
      'Publish',
      'mandatory',
    ]);
  });

  it('leave out private members, and aliases that a module keeps to itself', () => {
    const text =
      'type Local = { hidden: string }; export declare class Channel { private secret(): void; open(): void }';
    expect(namesIn(text)).toEqual(['Channel', 'open']);
  });
});

describe('the code words of a page', () => {
  it('are those in code spans, whole and in parts, and none of the prose or of a code block', () => {
    const page = 'prose `connect(url)` and `Options.Publish`, `x-expires`\n```ts\nblock();\n```\n';
    const words = codeWords(page);
    for (const word of ['connect(url)', 'connect', 'Options.Publish', 'Publish', 'x-expires']) {
      expect(words).toContain(word);
    }
    for (const word of ['prose', 'block']) expect(words).not.toContain(word);
  });
});
