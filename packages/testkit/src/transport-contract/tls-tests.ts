/** Part of the contract suite: trust, and the upgrade from plain to TLS. */
import { ConnectionBroken } from '@puka/errors';
import type { ConnectOptions, TlsOptions } from '@puka/transport';
import { concatenated, firstDifference, patternBytes } from './byte-patterns.ts';
import type { ContractServer, TestApi, TlsContractHarness, TlsFeature, TlsServerOptions } from './harness.ts';
import { Recorder } from './recorder.ts';
import type { Scene } from './scene.ts';
import { connectedTo, fillUp, rejection, roundTrips, serving } from './scene.ts';

const mebibyte = 1024 * 1024;

export function defineTlsTests(api: TestApi, harness: TlsContractHarness): void {
  api.describe('TLS', () => {
    defineTrustTests(api, harness);
    defineFeatureTests(api, harness);
    defineClientTests(api, harness);
    defineMaterialTests(api, harness);
  });
  api.describe('startTls', () => defineStartTlsTests(orRefusedStartTls(api, harness), harness));
}

function defineTrustTests({ it, expect }: TestApi, harness: TlsContractHarness): void {
  const attempt = async (server: Promise<ContractServer>, options: Partial<ConnectOptions>): Promise<string> => {
    await using scene = await serving(server);
    const recorder = new Recorder();
    const error = await rejection(harness.connector.connect({ ...scene.server.address, ...options }, recorder));
    expect(recorder.events).toEqual([]);
    if (!(error instanceof ConnectionBroken)) return `no ConnectionBroken: ${String(error)}`;
    expect(error.outcome).toBe('not-sent');
    const { host, port } = { ...scene.server.address, ...options };
    expect(error.message.includes(`${host}:${port}`)).toBe(true);
    return error.message;
  };
  const saying = async (message: Promise<string>, words: string): Promise<void> => {
    const text = await message;
    expect(text.includes(words) ? words : text).toBe(words);
  };

  it('verifies by the name the caller connects to', async () => {
    await using scene = await serving(harness.startTlsServer());
    const { server } = scene;
    await using _ = await connectedTo(harness, server, { ...server.address, host: 'localhost', tls: harness.trusted });
  });

  it('takes the authority as bytes, and among others', async () => {
    await using scene = await serving(harness.startTlsServer());
    const { server } = scene;
    const ca = [harness.strangerCa, new TextEncoder().encode(String(harness.trusted.ca))];
    await using _ = await connectedTo(harness, server, { ...server.address, tls: { ca } });
  });

  it('refuses an unknown authority', async () => {
    await saying(attempt(harness.startTlsServer(), { tls: {} }), 'give it as ca');
  });

  it('refuses a certificate of another authority', async () => {
    await saying(attempt(harness.startTlsServer(), { tls: { ca: harness.strangerCa } }), 'give it as ca');
  });

  it('refuses a certificate for another name', async () => {
    await saying(
      attempt(harness.startTlsServer(), { tls: { ...harness.trusted, serverName: 'example.test' } }),
      'set serverName',
    );
  });

  it('refuses a certificate for another address', async () => {
    await saying(
      attempt(harness.startTlsServer(), { tls: { ...harness.trusted, serverName: '127.0.0.2' } }),
      'set serverName',
    );
  });

  it('refuses a certificate that has expired', async () => {
    await saying(attempt(harness.startTlsServer({ isExpired: true }), {}), 'has expired');
  });

  it('reports a server that does not speak TLS', async () => {
    const server = harness.startPlainServer();
    (await server).onAccept = (peer) => peer.write(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await saying(attempt(server, { tls: harness.trusted }), 'does the server speak TLS on this port?');
  });

  it('reports a server that closes the connection during the handshake', async () => {
    const server = harness.startPlainServer();
    (await server).onAccept = (peer) => peer.end();
    await saying(attempt(server, { tls: harness.trusted }), 'does the server speak TLS on this port?');
  });
}

/** What a runtime may lack: then it has to refuse it, and must not connect. */
function defineFeatureTests({ it, expect }: TestApi, harness: TlsContractHarness): void {
  const claim = (
    feature: TlsFeature,
    name: string,
    tls: TlsOptions,
    body: (tls: TlsOptions) => Promise<void>,
  ): void => {
    // One name on all runtimes: the lists of what was tested can be compared.
    it(`${name}, or refuses it`, async () => {
      if (!harness.lacks.includes(feature)) return body(tls);
      await using scene = await serving(harness.startTlsServer());
      const recorder = new Recorder();
      const error = await rejection(harness.connector.connect({ ...scene.server.address, tls }, recorder));
      expect(nameOf(error)).toBe('UsageError');
      expect(String(error).includes('cannot')).toBe(true);
      expect(recorder.events).toEqual([]);
    });
  };
  const connects = async (tls: TlsOptions, options: TlsServerOptions = {}): Promise<void> => {
    await using scene = await serving(harness.startTlsServer(options));
    const { server } = scene;
    await using connection = await connectedTo(harness, server, { ...server.address, tls });
    await roundTrips(connection);
  };
  const { ca: clientCa, cert, key, encryptedKey, passphrase } = harness.client;

  claim(
    'rejectUnauthorized',
    'accepts any certificate with rejectUnauthorized: false',
    { rejectUnauthorized: false, serverName: 'example.test' },
    (tls) => connects(tls),
  );
  claim(
    'passphrase',
    'opens an encrypted key with its passphrase',
    { ...harness.trusted, cert, key: encryptedKey, passphrase },
    (tls) => connects(tls, { clientCa }),
  );
  claim(
    'serverName with cert',
    'verifies by serverName while it shows a client certificate',
    { ...harness.trusted, cert, key, serverName: 'localhost' },
    (tls) => connects(tls, { clientCa }),
  );
  claim(
    'minVersion',
    'accepts TLS 1.3 alone with minVersion',
    { ...harness.trusted, minVersion: 'TLSv1.3' },
    async (tls) => {
      await connects(tls);
      await using scene = await serving(harness.startTlsServer({ maxVersion: 'TLSv1.2' }));
      const attempt = harness.connector.connect({ ...scene.server.address, tls }, new Recorder());
      expect((await rejection(attempt)) instanceof ConnectionBroken).toBe(true);
    },
  );

  it('speaks TLS 1.2 where the server has no more', async () => {
    await connects({ ...harness.trusted, minVersion: 'TLSv1.2' }, { maxVersion: 'TLSv1.2' });
  });

  it('verifies by serverName instead of the host', async () => {
    await connects({ ...harness.trusted, serverName: 'localhost' });
  });
}

function defineClientTests({ it, expect }: TestApi, harness: TlsContractHarness): void {
  it('shows a client certificate', async () => {
    const { ca: clientCa, cert, key } = harness.client;
    await using scene = await serving(harness.startTlsServer({ clientCa }));
    const { server } = scene;
    await using connection = await connectedTo(harness, server, {
      ...server.address,
      tls: { ...harness.trusted, cert, key },
    });
    await roundTrips(connection);
  });

  it('reports a server that requires a client certificate when there is none', async () => {
    const { ca: clientCa } = harness.client;
    await using scene = await serving(harness.startTlsServer({ clientCa }));
    const recorder = new Recorder();
    // TLS 1.3: the client has finished before the server checks the certificate, and sees the refusal as a broken connection.
    const attempt = harness.connector.connect(scene.server.address, recorder);
    const rejected = await rejection(attempt.then((transport) => transport.write([patternBytes(8)])));
    if (rejected === undefined) await recorder.untilSeen('close');
    const error = rejected ?? recorder.closeError;
    expect(error instanceof ConnectionBroken).toBe(true);
    expect(String(error).includes('wants a client certificate')).toBe(true);
  });

  it('speaks a protocol of its list', async () => {
    await using scene = await serving(harness.startTlsServer({ alpn: ['one', 'two'] }));
    const { server } = scene;
    await using connection = await connectedTo(harness, server, {
      ...server.address,
      tls: { ...harness.trusted, alpn: ['two'] },
    });
    await roundTrips(connection);
  });
}

/** What cannot work is refused in the same words on every runtime. */
function defineMaterialTests({ it, expect }: TestApi, harness: TlsContractHarness): void {
  const { cert, key, encryptedKey, passphrase } = harness.client;
  const ca = String(harness.trusted.ca);
  const noCertificate = 'is not PEM: it has no block from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----';
  const notOption = 'is not an option; did you mean';
  const mistakes: readonly (readonly [claim: string, tls: object, message: string])[] = [
    ['a wrong passphrase', { cert, key: encryptedKey, passphrase: `${passphrase}x` }, wrongPassphrase],
    ['an empty passphrase', { cert, key: encryptedKey, passphrase: '' }, wrongPassphrase],
    ['an encrypted key alone', { cert, key: encryptedKey }, 'tls.key is encrypted; give tls.passphrase'],
    ['a passphrase alone', { passphrase }, 'tls.passphrase is given without tls.key; there is no key to open'],
    ['a key alone', { key }, 'tls.key is given without tls.cert; a client certificate needs both'],
    ['a certificate alone', { cert }, 'tls.cert is given without tls.key; a client certificate needs both'],
    ['the key of another certificate', { cert, key: harness.strangerKey }, 'tls.key does not belong to tls.cert'],
    ['key and certificate confused', { cert: key, key: cert }, `tls.cert ${noCertificate}`],
    ['a damaged certificate', { cert: damaged(cert), key }, 'tls.cert is damaged: a CERTIFICATE block cannot be read'],
    ['a damaged key', { cert, key: damaged(key) }, 'tls.key is damaged: a PRIVATE KEY block cannot be read'],
    ['an authority cut short', { ca: cutShort(ca) }, 'tls.ca is damaged: a CERTIFICATE block cannot be read'],
    ['an authority by its path', { ca: '/a/path' }, 'tls.ca looks like a path; give the contents of the file'],
    ['an empty authority', { ca: '' }, `tls.ca ${noCertificate}`],
    ['no authority at all', { ca: [] }, 'tls.ca is an empty list; leave it out, or give a certificate'],
    ['a key for an authority', { ca: [ca, key] }, `tls.ca ${noCertificate}`],
    ['an authority of another type', { ca: 5 }, 'tls.ca must be a PEM text, its bytes, or a list of them'],
    ['pfx', { pfx: Uint8Array.of(0x30), passphrase }, `tls.pfx is not supported; give its contents as PEM in ${pair}`],
    ['an option in other letters', { servername: 'localhost' }, `tls.servername ${notOption} tls.serverName?`],
    ['an option of Node', { ALPNProtocols: ['amqp'] }, `tls.ALPNProtocols ${notOption} tls.alpn?`],
    ['an empty protocol', { alpn: ['amqp', ''] }, 'tls.alpn: each name is a string of 1 to 255 bytes'],
    ['an empty name', { serverName: '' }, 'tls.serverName is empty; leave it out to use the host'],
    ['an obsolete version', { minVersion: 'TLSv1' }, "tls.minVersion must be 'TLSv1.2' or 'TLSv1.3'"],
  ];
  for (const [claim, tls, message] of mistakes) {
    it(`refuses ${claim}`, async () => {
      await using scene = await serving(harness.startTlsServer());
      const recorder = new Recorder();
      const error = await rejection(harness.connector.connect({ ...scene.server.address, tls }, recorder));
      expect(`${nameOf(error)}: ${error instanceof Error ? error.message : ''}`).toBe(`UsageError: ${message}`);
      expect(recorder.events).toEqual([]);
    });
  }
}

const wrongPassphrase = 'tls.passphrase does not open tls.key';
const pair = 'tls.cert and tls.key (openssl pkcs12 -in FILE -nodes)';

/** The same PEM with other bytes in its outermost length. */
function damaged(pem: string): string {
  return pem.replace(/\n[^-\n]{10}/, '\nAAAAAAAAAA');
}

/** The same PEM without its second line. */
function cutShort(pem: string): string {
  const [begin, , ...rest] = pem.split('\n');
  return [begin, ...rest].join('\n');
}

/** Where the runtime has no startTls, every claim about it is that it is refused and the connection goes on. */
function orRefusedStartTls({ describe, it, expect }: TestApi, harness: TlsContractHarness): TestApi {
  const refused = async (): Promise<void> => {
    for (const mode of ['push', 'pull'] as const) {
      const server = await harness.startPlainServer();
      await using scene = await connectedTo(harness, server, { ...server.address, tls: undefined, mode });
      expect(nameOf(await rejection(scene.transport.startTls(harness.trusted, 'localhost')))).toBe('UsageError');
      await roundTrips(scene);
      expect(scene.recorder.events).toEqual([]);
    }
  };
  const isRefused = harness.lacks.includes('startTls');
  return { describe, expect, it: (name, body) => it(`${name}, or refuses it`, isRefused ? refused : body) };
}

function defineStartTlsTests({ it, expect }: TestApi, harness: TlsContractHarness): void {
  const plain = async (mode: 'push' | 'pull' = 'push'): Promise<Scene> => {
    const server = await harness.startPlainServer();
    return connectedTo(harness, server, { ...server.address, tls: undefined, mode });
  };
  const upgrade = async ({ transport, peer }: Scene): Promise<void> => {
    const answered = peer.startTls?.() ?? Promise.reject(new Error('the peer has no TLS'));
    await Promise.all([transport.startTls(harness.trusted, 'localhost'), answered]);
  };

  it('goes on over TLS, both ways, with back-pressure', async () => {
    await using scene = await plain();
    const { transport, recorder, peer } = scene;
    transport.write([patternBytes(10)]);
    await peer.receive(10);
    peer.write(patternBytes(10));
    await recorder.untilReceived(10);
    await upgrade(scene);
    const bytes = patternBytes(4 * mebibyte, 10);
    transport.pause();
    peer.write(bytes);
    await roundTrips(scene);
    expect(recorder.receivedBytes).toBe(10);
    transport.resume();
    await recorder.untilReceived(bytes.length + 10);
    expect(firstDifference(concatenated(recorder.chunks).subarray(10), bytes)).toBe(-1);
    expect(recorder.chunks.every((chunk) => Object.getPrototypeOf(chunk) === Uint8Array.prototype)).toBe(true);
    if (!transport.write([bytes])) await recorder.untilSeen('drain');
    expect(firstDifference(await peer.receive(bytes.length), bytes)).toBe(-1);
    transport.end();
    await peer.ended();
    peer.end();
    await recorder.untilSeen('close');
    expect(recorder.closeError).toBe(undefined);
  });

  it('goes on over TLS in pull mode', async () => {
    await using scene = await plain('pull');
    await upgrade(scene);
    scene.peer.write(patternBytes(10));
    await scene.recorder.untilSeen('readable');
    expect(firstDifference(scene.transport.read() ?? new Uint8Array(), patternBytes(10))).toBe(-1);
  });

  it('refuses a server it does not trust, and is over then', async () => {
    await using scene = await plain();
    const { transport, recorder, peer } = scene;
    // The server may never learn of it, and is left to the end of the scene.
    void rejection(peer.startTls?.() ?? Promise.resolve());
    const error = await rejection(transport.startTls({ ca: harness.strangerCa }, 'localhost'));
    expect(error instanceof ConnectionBroken).toBe(true);
    await recorder.untilSeen('close');
    expect(recorder.events).toEqual(['close']);
    expect(recorder.closeError instanceof ConnectionBroken).toBe(true);
  });

  it('rejects when closed meanwhile', async () => {
    await using scene = await plain();
    const attempt = rejection(scene.transport.startTls(harness.trusted, 'localhost'));
    scene.transport.close();
    expect((await attempt) instanceof ConnectionBroken).toBe(true);
    await scene.recorder.untilSeen('close');
    expect(scene.recorder.events).toEqual(['close']);
  });

  it('rejects after close()', async () => {
    await using scene = await plain();
    scene.transport.close();
    expect((await rejection(scene.transport.startTls(harness.trusted, 'localhost'))) instanceof ConnectionBroken).toBe(
      true,
    );
  });

  it('is refused while bytes are still to be sent', async () => {
    await using scene = await plain();
    const { transport, recorder, peer } = scene;
    peer.pause();
    fillUp(transport);
    expect(nameOf(await rejection(transport.startTls(harness.trusted, 'localhost')))).toBe('UsageError');
    peer.resume();
    await recorder.untilSeen('drain');
  });

  it('takes no bytes for its own that came before the handshake', async () => {
    await using scene = await plain('pull');
    const { transport, recorder, peer } = scene;
    peer.write(patternBytes(10));
    await recorder.untilSeen('readable');
    expect((await rejection(transport.startTls(harness.trusted, 'localhost'))) instanceof ConnectionBroken).toBe(true);
    expect(transport.read()).toBe(undefined);
    await recorder.untilSeen('close');
    expect(recorder.closeError instanceof ConnectionBroken).toBe(true);
  });

  it('refuses a mistake in its options, and the connection goes on', async () => {
    await using scene = await plain();
    for (const tls of [{ ca: '/a/path' }, { cert: harness.client.cert, key: harness.strangerKey }])
      expect(nameOf(await rejection(scene.transport.startTls(tls, 'localhost')))).toBe('UsageError');
    await roundTrips(scene);
    expect(scene.recorder.events).toEqual([]);
  });

  it('is refused a second time, after end(), and while it is under way, as are writes', async () => {
    await using scene = await plain();
    const { transport } = scene;
    const upgraded = upgrade(scene);
    expect(nameOf(await rejection(transport.startTls(harness.trusted, 'localhost')))).toBe('UsageError');
    expect(nameOf(await rejection(Promise.resolve().then(() => transport.write([patternBytes(1)]))))).toBe(
      'UsageError',
    );
    await upgraded;
    expect(nameOf(await rejection(transport.startTls(harness.trusted, 'localhost')))).toBe('UsageError');
    await using ended = await plain();
    ended.transport.end();
    expect(nameOf(await rejection(ended.transport.startTls(harness.trusted, 'localhost')))).toBe('UsageError');
  });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
