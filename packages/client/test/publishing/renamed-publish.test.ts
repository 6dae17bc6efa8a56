import { PropertiesReader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { publishInput } from '../../src/publishing/publish-input.ts';
import { withNewNames } from '../../src/publishing/renamed-publish.ts';

const names = { hasRenames: true, nameOf: (queue: string) => (queue === 'old' ? 'new' : queue) };

function replyToOf(properties: unknown): string | undefined {
  return properties instanceof Uint8Array ? new PropertiesReader(properties, 0, properties.length).replyTo : undefined;
}

describe('a publish that names a queue by its old name', () => {
  it('gets the new one as routing key at the default exchange, and nowhere else', () => {
    expect(withNewNames(publishInput({ routingKey: 'old' }), names).routingKey).toBe('new');
    expect(withNewNames(publishInput({ exchange: 'e', routingKey: 'old' }), names).routingKey).toBe('old');
  });

  it('gets it as replyTo, with all other properties as they were', () => {
    const options = { routingKey: 'k', replyTo: 'old', messageId: 'm', headers: { a: 1n, b: [true, null] } };
    const { properties } = withNewNames(publishInput(options), names);
    expect(replyToOf(properties)).toBe('new');
    const expected = publishInput({ ...options, replyTo: 'new' }).properties;
    expect(properties).toEqual(expected);
  });

  it('is left alone where it names no such queue', () => {
    const input = publishInput({ routingKey: 'other', replyTo: 'another' });
    expect(withNewNames(input, names)).toBe(input);
  });
});
