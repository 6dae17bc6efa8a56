import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { AuthenticationFailed, ConnectionBroken, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { askForCredentials, HiddenCredentials, readCredentials } from '../../src/connecting/credentials.ts';

const login = { username: 'u', password: 'topsecret' };
const noon = Date.UTC(2030, 0, 1, 12);
const noonClock = (): number => noon;

describe('credentials', () => {
  it('live for ever, until a moment, or for a while', () => {
    expect(readCredentials(login, noon).lifetimeMs).toBe(Number.POSITIVE_INFINITY);
    expect(readCredentials({ ...login, expiresAt: new Date(noon + 5000) }, noon).lifetimeMs).toBe(5000);
    expect(readCredentials({ ...login, expiresIn: 3000 }, noon).lifetimeMs).toBe(3000);
  });

  it('take a Date of another realm', () => {
    const expiresAt: unknown = runInNewContext(`new Date(${noon + 5000})`);
    expect(readCredentials({ ...login, expiresAt }, noon).lifetimeMs).toBe(5000);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'u:topsecret'],
    ['no user', { password: 'topsecret' }],
    ['no password', { username: 'u' }],
    ['a password that is no text', { username: 'u', password: 12_345_678 }],
    ['two ends', { ...login, expiresAt: new Date(noon), expiresIn: 1 }],
    ['an end that is no date', { ...login, expiresAt: noon }],
    ['an invalid date', { ...login, expiresAt: new Date(Number.NaN) }],
    ['a while that is no number', { ...login, expiresIn: '1' }],
    ['not even a number', { ...login, expiresIn: Number.NaN }],
  ])('are not %s, which is refused without showing it', (_, given) => {
    let error: unknown;
    try {
      readCredentials(given, noon);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect(inspect(error, { showHidden: true })).not.toMatch(/topsecret|12345678/);
  });

  it('show no password to who only looks', () => {
    const hidden = readCredentials(login, noon);
    const shown = `${inspect(hidden, { showHidden: true, getters: true })}${JSON.stringify(hidden)}${String(hidden)}`;
    expect(shown).not.toContain('topsecret');
    expect(hidden.reveal()).toBe('topsecret');
  });

  it('are equal where user and password are', () => {
    const one = new HiddenCredentials('u', 'p');
    expect(one.equals(new HiddenCredentials('u', 'p', 1))).toBe(true);
    expect(one.equals(new HiddenCredentials('u', 'q'))).toBe(false);
    expect(one.equals(new HiddenCredentials('v', 'p'))).toBe(false);
  });
});

describe('asking', () => {
  it('returns a fixed value, and what a function returns, at once or later', async () => {
    const standing = new HiddenCredentials('u', 'p');
    expect(await askForCredentials(standing, noonClock)).toBe(standing);
    expect((await askForCredentials(() => login, noonClock)).reveal()).toBe('topsecret');
    expect((await askForCredentials(() => Promise.resolve(login), noonClock)).reveal()).toBe('topsecret');
  });

  it('keeps the words of a function that fails to its cause, and may be repeated', async () => {
    const cause = new Error('bad token topsecret');
    for (const fail of [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
    ]) {
      const error: unknown = await askForCredentials(fail, noonClock).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AuthenticationFailed);
      expect(error).toMatchObject({ cause, retryable: true, outcome: 'not-sent' });
      expect(String(error)).not.toContain('topsecret');
    }
  });

  it('is worth repeating where the error of the function says so', async () => {
    for (const cause of [new ConnectionBroken('x', { retryable: true }), new UsageError('x')]) {
      await expect(askForCredentials(() => Promise.reject(cause), noonClock)).rejects.toMatchObject({
        retryable: cause.retryable,
      });
    }
  });

  it('refuses what a function gives that are no credentials', async () => {
    await expect(askForCredentials(() => ({ user: 'u' }), noonClock)).rejects.toBeInstanceOf(UsageError);
  });
});
