import { describe, expect, it } from 'vitest';
import { formsOf } from '../src/secret-forms.ts';

const secret = 'top+secret/word';

function isFound(text: string): boolean {
  return formsOf(secret).some((form) => form.test(text));
}

describe('the forms of a secret', () => {
  it.each([
    ['as it is', `password: '${secret}'`],
    ['percent-encoded', `amqp://u:${encodeURIComponent(secret)}@host`],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in base64, alone', Buffer.from(secret).toString('base64')],
    ['in base64, after one octet', Buffer.from(`\0${secret}`).toString('base64')],
    ['in base64, after two, and before more', Buffer.from(`\0u${secret}\0\0`).toString('base64')],
    ['as JSON of bytes', JSON.stringify(new TextEncoder().encode(`\0u\0${secret}`))],
    ['as an array of numbers', JSON.stringify([...Buffer.from(secret)])],
    ['as an inspected Buffer', '<Buffer 74 6f 70 2b 73 65 63 72 65 74 2f 77 6f 72 64>'],
  ])('are found %s', (_, text) => expect(isFound(text)).toBe(true));

  it('are not found where there is none', () => expect(isFound('top-secret word, 116 111 112')).toBe(false));
});
