import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Session } from '../../src/session/index.ts';
import { LoginScene, text, utf8 } from './login-scene.ts';

const ownReply = { type: 'connection.start-ok', mechanism: 'OWN' } as const;

describe('the choice of a mechanism', () => {
  it('is the first of the own list that the broker offers', () => {
    expect(new LoginScene().offer('AMQPLAIN PLAIN').sent()).toMatchObject([{ mechanism: 'PLAIN' }]);
    const other = new LoginScene({ mechanisms: ['EXTERNAL', 'AMQPLAIN', 'PLAIN'] });
    expect(other.offer('PLAIN AMQPLAIN').sent()).toMatchObject([{ mechanism: 'AMQPLAIN' }]);
  });

  it('fails when there is none in common, with both lists in the text', () => {
    const scene = new LoginScene({ mechanisms: ['EXTERNAL'] }).offer('PLAIN AMQPLAIN');
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', outcome: 'not-sent', retryable: false }]);
    expect(scene.closed[0]?.message).toMatch(/"PLAIN AMQPLAIN".*EXTERNAL.*client certificate/);
    expect(scene.sent()).toEqual([]);
  });

  it('shows no more of a long list than can be read, and no control character', () => {
    const scene = new LoginScene({ mechanisms: ['EXTERNAL'] }).offer(`\u001b[2J\r\n${'X'.repeat(1_000_000)}`);
    expect(scene.closed[0]?.message).toMatch(/offers " ?X+…", this client/);
    expect(scene.closed[0]?.message.length).toBeLessThan(800);
  });

  it('takes no name for another that begins the same way', () => {
    expect(new LoginScene().offer('PLAINISH XPLAIN').closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED' }]);
  });
});

describe('allowCleartextPassword: false', () => {
  const mechanisms = ['PLAIN', 'AMQPLAIN', { name: 'OWN', begin: () => ({ response: utf8('x') }) }] as const;

  it('passes over PLAIN and AMQPLAIN without TLS', () => {
    const scene = new LoginScene({ mechanisms, allowCleartextPassword: false }).offer('PLAIN AMQPLAIN OWN');
    expect(scene.sent()).toMatchObject([ownReply]);
  });

  it('fails rather than send the password when nothing else is offered', () => {
    const scene = new LoginScene({ mechanisms, allowCleartextPassword: false }).offer('PLAIN AMQPLAIN');
    expect(scene.closed[0]?.message).toContain('forbidden without TLS');
    expect(scene.sent()).toEqual([]);
  });

  it('takes PLAIN over TLS', () => {
    const scene = new LoginScene({ mechanisms, allowCleartextPassword: false, isEncrypted: true }).offer('PLAIN');
    expect(scene.sent()).toMatchObject([{ mechanism: 'PLAIN' }]);
  });

  it('is refused at the call where it leaves nothing', () => {
    expect(() => new LoginScene({ allowCleartextPassword: false })).toThrow('use amqps://');
  });
});

describe('a mechanism of the user', () => {
  const rounds = {
    name: 'OWN',
    begin: () => ({ response: utf8('hello'), answer: (challenge: Uint8Array) => utf8(`re: ${text(challenge)}`) }),
  };

  it('answers as many challenges as the broker has', () => {
    const scene = new LoginScene({ mechanisms: [rounds] }).offer('PLAIN OWN');
    expect(scene.sent()).toMatchObject([{ ...ownReply, response: utf8('hello') }]);
    scene.say({ type: 'connection.secure', challenge: utf8('one') });
    scene.say({ type: 'connection.secure', challenge: utf8('two') });
    expect(scene.sent()).toMatchObject([{ response: utf8('re: one') }, { response: utf8('re: two') }]);
    expect(scene.accept().info).toBeDefined();
  });

  it('is given the credentials, also those that come late', () => {
    const echo = { name: 'OWN', begin: (given?: { password: string }) => ({ response: utf8(`${given?.password}`) }) };
    const scene = new LoginScene({ mechanisms: [echo], username: undefined });
    scene.session.useCredentials({ username: 'late', password: 'later' });
    expect(scene.offer('OWN').sent()).toMatchObject([{ response: utf8('later') }]);
  });

  it('may answer later, which wakes the owner', () => {
    const scene = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: () => undefined }) }] });
    scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
    expect(scene.sent()).toMatchObject([{ type: 'connection.start-ok' }]);
    expect(scene.session.answerChallenge(utf8('!'))).toBe(true);
    expect(scene.outputs).toBe(1);
    expect(scene.sent()).toMatchObject([{ type: 'connection.secure-ok', response: utf8('!') }]);
    expect(scene.session.answerChallenge(utf8('again'))).toBe(false);
    expect(scene.accept().info).toBeDefined();
  });

  it('may have no answer', () => {
    const scene = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: () => undefined }) }] });
    scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
    const cause = new Error('no ticket for secret');
    scene.session.failChallenge(cause);
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause }]);
    expect(scene.closed[0]?.message).not.toContain('secret');
    scene.session.failChallenge(cause);
    expect(scene.closed).toHaveLength(1);
  });

  it('ends the connection when it throws, at the start and at a challenge', () => {
    const cause = new Error('broken');
    const fails = (): never => {
      throw cause;
    };
    const early = new LoginScene({ mechanisms: [{ name: 'OWN', begin: fails }] }).offer('OWN');
    expect(early.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause, outcome: 'not-sent' }]);
    const late = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: fails }) }] }).offer('OWN');
    late.say({ type: 'connection.secure', challenge: utf8('?') });
    expect(late.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause }]);
  });

  it('answers nothing once the connection is gone', () => {
    const scene = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: () => undefined }) }] });
    scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
    scene.session.receiveEof(0);
    scene.sent();
    expect(scene.session.answerChallenge(utf8('!'))).toBe(false);
    expect(scene.sent()).toEqual([]);
  });

  it('is not overrun by a second challenge, nor by tune', () => {
    for (const next of [
      { type: 'connection.secure', challenge: utf8('two') },
      { type: 'connection.tune', channelMax: 0, frameMax: 0, heartbeat: 0 },
    ] as const) {
      const scene = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: () => undefined }) }] });
      scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('one') }, next);
      expect(scene.closed).toMatchObject([{ code: 'COMMAND_INVALID', blame: 'peer' }]);
    }
  });
});

describe('a challenge', () => {
  it('is an error of the broker where the mechanism has none', () => {
    const scene = new LoginScene().offer('PLAIN').say({ type: 'connection.secure', challenge: utf8('?') });
    expect(scene.closed).toMatchObject([{ code: 'COMMAND_INVALID', blame: 'peer' }]);
    expect(scene.closed[0]?.message).toContain('PLAIN');
  });
});

describe('missing credentials', () => {
  it('end the connection before anything is said', () => {
    const scene = new LoginScene({ username: undefined }).offer('PLAIN');
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', cause: { code: 'USAGE_ERROR' } }]);
    expect(scene.sent()).toEqual([]);
  });
});

describe('a new secret', () => {
  const opened = (): LoginScene => {
    const scene = new LoginScene().offer('PLAIN').accept();
    scene.sent();
    return scene;
  };

  it('goes out, and its reply comes back once', () => {
    const scene = opened();
    const outcomes: unknown[] = [];
    expect(scene.session.updateSecret('token', 'renewed', (error) => outcomes.push(error))).toBe(true);
    expect(scene.sent()).toMatchObject([
      { type: 'connection.update-secret', newSecret: utf8('token'), reason: 'renewed' },
    ]);
    scene.say({ type: 'connection.update-secret-ok' });
    scene.session.receiveEof(0);
    expect(outcomes).toEqual([undefined]);
  });

  it('fails with the words of the broker that refuses it', () => {
    const scene = opened();
    const outcomes: unknown[] = [];
    scene.session.updateSecret('token', 'renewed', (error) => outcomes.push(error));
    scene.say({ type: 'connection.close', replyCode: 530, replyText: 'NOT_ALLOWED - no', classId: 10, methodId: 70 });
    expect(outcomes).toMatchObject([{ code: 'NOT_ALLOWED', method: 'connection.update-secret' }]);
    expect(scene.closed).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  });

  it('fails when the connection is lost, and at our own close', () => {
    for (const end of ['receiveEof', 'handleTimeout'] as const) {
      const scene = opened();
      const outcomes: unknown[] = [];
      scene.session.updateSecret('token', 'renewed', (error) => outcomes.push(error));
      if (end === 'handleTimeout') scene.session.close(0);
      scene.session[end](5000);
      expect(outcomes).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
    }
  });

  it('is taken while our close is under way', () => {
    const scene = opened();
    const outcomes: unknown[] = [];
    scene.session.updateSecret('token', 'renewed', (error) => outcomes.push(error));
    scene.session.close(0);
    scene.say({ type: 'connection.update-secret-ok' }, { type: 'connection.close-ok' });
    expect(outcomes).toEqual([undefined]);
    expect(scene.closed).toEqual([undefined]);
  });

  it('waits for no second one', () => {
    const scene = opened();
    scene.session.updateSecret('one', '', () => {});
    expect(() => scene.session.updateSecret('two', '', () => {})).toThrow('under way');
    scene.say({ type: 'connection.update-secret-ok' });
    expect(scene.session.updateSecret('two', '', () => {})).toBe(true);
  });

  it('is nothing for a connection that is not open', () => {
    expect(new LoginScene().session.updateSecret('token', '', () => {})).toBe(false);
  });

  it('is not acknowledged unasked', () => {
    const scene = opened().say({ type: 'connection.update-secret-ok' });
    expect(scene.closed).toMatchObject([{ code: 'COMMAND_INVALID', blame: 'peer' }]);
  });
});

describe('a secret', () => {
  /** All that can be seen of a value: its text, and its bytes as numbers. */
  const shown = (value: unknown): string =>
    [
      inspect(value, { depth: 20, maxArrayLength: null, showHidden: true, getters: true }),
      JSON.stringify(value, skipCycles()),
    ].join();
  const asNumbers = (secret: string): RegExp => new RegExp([...utf8(secret)].join('\\D+'));

  it.each(['PLAIN', 'AMQPLAIN'] as const)('of %s is nowhere to be seen once it has gone out', (mechanism) => {
    const scene = new LoginScene({ password: 'topsecret', mechanisms: [mechanism] });
    expect(shown(scene.session)).not.toContain('topsecret');
    scene.offer(mechanism).sent();
    expect(shown(scene.session)).not.toContain('topsecret');
    expect(shown(scene.session)).not.toMatch(asNumbers('topsecret'));
    scene.accept().sent();
    scene.session.updateSecret('newsecret', 'renewed', () => {});
    scene.sent();
    expect(shown(scene.session)).not.toMatch(asNumbers('newsecret'));
    scene.session.receiveEof(0);
    expect(shown(scene)).not.toMatch(/topsecret|newsecret/);
  });

  it('is in no error of a login, whatever ends it', () => {
    const ends: ((scene: LoginScene) => void)[] = [
      (scene) => scene.session.receiveEof(0),
      (scene) => scene.session.handleTimeout(10_000),
      (scene) => scene.offer('EXTERNAL'),
      (scene) => scene.offer('PLAIN').session.receiveEof(0),
      (scene) =>
        scene
          .offer('PLAIN')
          .say({ type: 'connection.close', replyCode: 403, replyText: 'no', classId: 0, methodId: 0 }),
    ];
    for (const end of ends) {
      const scene = new LoginScene({ password: 'topsecret' });
      end(scene);
      const [error] = scene.closed;
      expect(error).toBeDefined();
      expect(`${shown(error)} ${error?.stack}`).not.toMatch(/topsecret/);
    }
  });

  it('is in no error about the options', () => {
    const attempts = [{ vhost: 'v'.repeat(300) }, { frameMax: 1 }, { clientProperties: { x: Number.NaN } }];
    for (const options of attempts) {
      let error: unknown;
      try {
        new Session({ username: 'u', password: 'topsecret', ...options }, {} as never);
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ code: 'USAGE_ERROR' });
      expect(shown(error)).not.toContain('topsecret');
    }
  });
});

function skipCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '[seen]';
    seen.add(value);
    return value;
  };
}
