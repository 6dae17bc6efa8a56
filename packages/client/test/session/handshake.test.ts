import { ConnectionBroken, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { LoginScene, utf8 } from './login-scene.ts';

describe('the first bytes', () => {
  it.each([
    ['AMQP of another version', Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0), 'AMQP 3 1 0 0'],
    ['AMQP 0-9-1, which refuses what it was told', Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1), 'AMQP 0 0 9 1'],
    ['HTTP', utf8('HTTP/1.1 400 Bad Request'), 'HTTP'],
    ['a TLS alert', Uint8Array.of(0x15, 3, 1, 0, 2, 2, 0x46), 'amqps://'],
    ['SSH', utf8('SSH-2.0-OpenSSH_9.2'), 'SSH'],
    ['something else', utf8('220 smtp.example ESMTP'), '32 32 30'],
  ])('tell %s, in any chunking', (_, bytes, words) => {
    const whole = new LoginScene();
    const single = new LoginScene();
    whole.session.receive(bytes, 0);
    for (const octet of bytes) single.session.receive(Uint8Array.of(octet), 0);
    for (const scene of [whole, single]) {
      // Other protocols with fewer octets than eight are named at their end.
      scene.session.receiveEof(0);
      expect(scene.closed).toMatchObject([{ code: 'UNSUPPORTED_PROTOCOL', blame: 'caller', outcome: 'not-sent' }]);
      expect(scene.closed[0]?.message).toContain(words);
    }
  });

  it('recognise a peer that does not speak AMQP by a few octets and nothing more', () => {
    const scene = new LoginScene();
    scene.session.receive(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40), 0);
    scene.session.handleTimeout(10_000);
    expect(scene.closed).toMatchObject([{ code: 'UNSUPPORTED_PROTOCOL' }]);
    expect(scene.closed[0]?.message).toContain('amqps://');
  });

  it('recognise another version of AMQP that uses frames', () => {
    const scene = new LoginScene().say({
      type: 'connection.start',
      versionMajor: 8,
      versionMinor: 0,
      serverProperties: {},
      mechanisms: 'PLAIN',
      locales: 'en_US',
    });
    expect(scene.closed).toMatchObject([{ code: 'UNSUPPORTED_PROTOCOL' }]);
  });
});

describe('the end of the stream', () => {
  const cause = new ConnectionBroken('reset');

  it('before a byte was sent is what kept the connection from being opened, whatever its kind', () => {
    for (const reason of [cause, new UsageError('no such certificate')]) {
      const scene = new LoginScene({}, 'down');
      scene.session.receiveEof(0, reason);
      expect(scene.closed).toEqual([reason]);
    }
  });

  it('without any bytes suggests a port that speaks only TLS', () => {
    const scene = new LoginScene();
    scene.session.receiveEof(0, cause);
    expect(scene.closed).toMatchObject([{ code: 'CONNECTION_BROKEN', outcome: 'not-sent', cause }]);
    expect(scene.closed[0]?.message).toContain('amqps://');
  });

  it.each([{ version: { major: 4 } }, { version: [4, 1] }, { version: 4 }, {}])(
    'after the login is reported whatever version the broker sends: %o',
    (fields) => {
      const scene = new LoginScene().say({
        type: 'connection.start',
        serverProperties: { product: 'RabbitMQ', ...fields },
        mechanisms: 'PLAIN',
        locales: 'en_US',
      });
      scene.session.takeOutput(0);
      scene.session.receiveEof(0);
      expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', retryable: true }]);
    },
  );

  it('in the middle of connection.start does not look like a port that speaks TLS', () => {
    const cut = Uint8Array.of(1, 0, 0, 0, 0, 1);
    const [ended, broken, late] = [new LoginScene(), new LoginScene(), new LoginScene()];
    for (const { session } of [ended, broken, late]) session.receive(cut, 0);
    ended.session.receiveEof(0);
    broken.session.receiveEof(0, cause);
    late.session.handleTimeout(10_000);
    expect(ended.closed).toMatchObject([{ code: 'CONNECTION_BROKEN', retryable: true }]);
    expect(broken.closed).toEqual([cause]);
    expect(late.closed).toMatchObject([{ code: 'HANDSHAKE_TIMEOUT' }]);
    for (const { closed } of [ended, late]) expect(closed[0]?.message).toMatch(/greeting$/);
  });

  it('over TLS is what the transport says of it', () => {
    const scene = new LoginScene({ isEncrypted: true });
    scene.session.receiveEof(0, cause);
    expect(scene.closed).toEqual([cause]);
    const silent = new LoginScene({ isEncrypted: true });
    silent.session.receiveEof(0);
    expect(silent.closed[0]?.message).not.toContain('amqps://');
  });

  it('after the login is probably a wrong password, and may be tried again', () => {
    const scene = new LoginScene().offer('PLAIN');
    scene.session.receiveEof(0, cause);
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED', retryable: true, outcome: 'unknown', cause }]);
    expect(scene.closed[0]?.message).toContain('probably');
  });

  it('after tune is a broken connection', () => {
    const scene = new LoginScene()
      .offer('PLAIN')
      .say({ type: 'connection.tune', channelMax: 0, frameMax: 0, heartbeat: 0 });
    scene.session.receiveEof(0);
    expect(scene.closed).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
  });
});

describe('the deadline', () => {
  it.each([
    ['nothing was said', (scene: LoginScene) => scene, 'amqps://'],
    ['the login was not answered', (scene: LoginScene) => scene.offer('PLAIN'), 'the login'],
    [
      'the virtual host was not opened',
      (scene: LoginScene) =>
        scene.offer('PLAIN').say({ type: 'connection.tune', channelMax: 0, frameMax: 0, heartbeat: 0 }),
      'virtual host',
    ],
  ])('reports that %s', (_, prepare, words) => {
    const scene = prepare(new LoginScene({ connectTimeoutMs: 100 }));
    expect(scene.session.nextDeadline()).toBe(100);
    scene.session.handleTimeout(100);
    expect(scene.closed).toMatchObject([{ code: 'HANDSHAKE_TIMEOUT', retryable: true }]);
    expect(scene.closed[0]?.message).toMatch(new RegExp(`100 ms.*${words}`));
  });

  it('reports that there was no connection', () => {
    const scene = new LoginScene({}, 'down');
    scene.session.handleTimeout(10_000);
    expect(scene.closed[0]?.message).toContain('could not be reached');
  });

  it('reports that an own mechanism did not answer', () => {
    const scene = new LoginScene({ mechanisms: [{ name: 'OWN', begin: () => ({ answer: () => undefined }) }] });
    scene.offer('OWN').say({ type: 'connection.secure', challenge: utf8('?') });
    scene.session.handleTimeout(10_000);
    expect(scene.closed[0]?.message).toContain('this client');
  });
});

describe('a refusal', () => {
  it.each([
    ["NOT_ALLOWED - vhost 'x' not found", 530, 'NOT_ALLOWED'],
    ["NOT_ALLOWED - access to vhost 'x' refused for user 'u'", 530, 'NOT_ALLOWED'],
    ["NOT_ALLOWED - access to vhost '/' refused for user 'u': connection limit (1) is reached", 530, 'NOT_ALLOWED'],
    ["INVALID_PATH - no '/x'", 402, 'INVALID_PATH'],
  ])('to open the virtual host keeps the words of the broker: %s', (replyText, replyCode, code) => {
    const scene = new LoginScene()
      .offer('PLAIN')
      .say(
        { type: 'connection.tune', channelMax: 0, frameMax: 0, heartbeat: 0 },
        { type: 'connection.close', replyCode, replyText, classId: 10, methodId: 40 },
      );
    expect(scene.closed).toMatchObject([{ code, replyCode, replyText, method: 'connection.open' }]);
  });

  it('of the login is failed authentication, at once and for good', () => {
    const replyText = 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN';
    const scene = new LoginScene()
      .offer('PLAIN')
      .say({ type: 'connection.close', replyCode: 403, replyText, classId: 0, methodId: 0 });
    expect(scene.closed).toMatchObject([
      { code: 'AUTHENTICATION_FAILED', replyCode: 403, replyText, retryable: false, outcome: 'refused' },
    ]);
  });
});

describe('a login too long for the broker', () => {
  const offered = (version: string, pad: number, product = 'RabbitMQ'): LoginScene =>
    new LoginScene({ password: 'x'.repeat(pad) }).say({
      type: 'connection.start',
      serverProperties: { product, version },
      mechanisms: 'PLAIN',
      locales: 'en_US',
    });
  const bytesSent = (scene: LoginScene): number =>
    scene.session.takeOutput(0).reduce((sum, { length }) => sum + length, 0);
  /** The password with which the login has so many bytes. */
  const padFor = (size: number): number => size - bytesSent(offered('3.10.8', 0));

  it.each([
    ['3.10.8', 4096],
    ['4.0.5', 4096],
    ['4.1.0', 8192],
    ['5.0', 8192],
  ])('is named as the reason where RabbitMQ %s closes the connection without an error', (version, limit) => {
    const scene = offered(version, padFor(limit + 9));
    expect(bytesSent(scene)).toBe(limit + 9);
    scene.session.receiveEof(0);
    expect(scene.closed).toMatchObject([{ code: 'LIMIT_EXCEEDED', outcome: 'refused', scope: 'connection' }]);
    expect(scene.closed[0]?.message).toMatch(new RegExp(`${limit + 9} bytes.*initial_frame_max is ${limit}`));
  });

  it.each([
    ['3.10.8', 'RabbitMQ', 4104],
    ['4.1.0', 'RabbitMQ', 8200],
    ['what?', 'RabbitMQ', 5000],
    ['2.0.0', 'LavinMQ', 5000],
  ])('is one reason of others for %s of %s at %i bytes', (version, product, size) => {
    const scene = offered(version, padFor(size), product);
    expect(bytesSent(scene)).toBe(size);
    scene.session.receiveEof(0);
    expect(scene.closed).toMatchObject([{ code: 'AUTHENTICATION_FAILED' }]);
    expect(scene.closed[0]?.message).toContain(`${size} bytes`);
  });

  it('is taken where RabbitMQ is configured to take it', () => {
    const scene = offered('3.10.8', padFor(9000));
    scene.say({ type: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
    expect(scene.closed).toEqual([]);
    expect(bytesSent(scene)).toBeGreaterThan(9000);
  });
});
