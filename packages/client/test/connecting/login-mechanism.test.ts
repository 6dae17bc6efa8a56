import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type LoginExchange, sessionMechanism } from '../../src/connecting/login-mechanism.ts';
import { LoginScene, text, utf8 } from '../session/login-scene.ts';

/** A login by a mechanism of the user's, up to its first challenge. */
function challenged(exchange: LoginExchange): LoginScene {
  const scene: LoginScene = new LoginScene({
    mechanisms: [sessionMechanism({ name: 'OWN', begin: () => exchange }, () => scene.session)],
  });
  return scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
}

describe("a mechanism of the user's", () => {
  it('says text or bytes first, or nothing', () => {
    for (const [response, octets] of [
      ['hällo', utf8('hällo')],
      [Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
      [undefined, new Uint8Array(0)],
    ] as const) {
      const mechanism = sessionMechanism({ name: 'OWN', begin: () => ({ response }) }, () => undefined);
      const scene = new LoginScene({ mechanisms: [mechanism] }).offer('OWN');
      expect(scene.sent()).toMatchObject([{ type: 'connection.start-ok', response: octets }]);
    }
  });

  it('is given the credentials', () => {
    const mechanism = sessionMechanism(
      { name: 'OWN', begin: ({ username, password }) => ({ response: `${username}/${password}` }) },
      () => undefined,
    );
    const scene = new LoginScene({ mechanisms: [mechanism] }).offer('OWN');
    expect(scene.sent()).toMatchObject([{ response: utf8('user/secret') }]);
  });

  it('answers at once', () => {
    const scene = challenged({ answer: (challenge) => `re ${text(challenge)}` });
    expect(scene.sent()).toMatchObject([{}, { type: 'connection.secure-ok', response: utf8('re ?') }]);
  });

  it('answers later', async () => {
    const scene = challenged({ answer: () => Promise.resolve(Uint8Array.of(7)) });
    expect(scene.sent()).toHaveLength(1);
    await turns();
    expect(scene.sent()).toMatchObject([{ type: 'connection.secure-ok', response: Uint8Array.of(7) }]);
    expect(scene.accept().info).toBeDefined();
  });

  it('fails later', async () => {
    const cause = new Error('no');
    const scene = challenged({ answer: () => Promise.reject(cause) });
    await turns();
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause }]);
  });

  it('fails where it answers with neither text nor bytes', async () => {
    const scene = challenged({ answer: () => Promise.resolve(5 as never) });
    await turns();
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause: { code: 'USAGE_ERROR' } }]);
  });

  it('takes bytes of another realm, first and as an answer', async () => {
    const foreign: Uint8Array = runInNewContext('Uint8Array.of(7, 8)');
    const scene = challenged({ response: foreign, answer: () => foreign });
    expect(scene.sent()).toMatchObject([{ response: Uint8Array.of(7, 8) }, { response: Uint8Array.of(7, 8) }]);
    const later = challenged({ answer: () => runInNewContext('Promise.resolve(Uint8Array.of(9))') });
    later.sent();
    await turns();
    expect(later.sent()).toMatchObject([{ type: 'connection.secure-ok', response: Uint8Array.of(9) }]);
  });

  it.each<[string, () => unknown]>([
    ['an async begin()', () => Promise.reject(new Error('no'))],
    ['a begin() that returns nothing', () => undefined],
    ['a response that is a promise', () => ({ response: Promise.reject(new Error('no')) })],
    ['an answer that is none', () => ({ answer: () => undefined })],
  ])('fails with a UsageError for %s', (_, begin) => {
    const mechanism = { name: 'OWN', begin: () => begin() as LoginExchange };
    const scene = new LoginScene({ mechanisms: [sessionMechanism(mechanism, () => undefined)] });
    scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause: { code: 'USAGE_ERROR' } }]);
  });

  it('has no answer to a challenge it does not know', () => {
    expect(challenged({}).closed).toMatchObject([{ code: 'COMMAND_INVALID', blame: 'peer' }]);
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
