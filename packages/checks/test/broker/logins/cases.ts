/** Every way a login or a TLS handshake goes, and the error of it: one row each, the same for every runtime. */
import { Client, type ClientOptions, type LoginMechanism } from '@puka/client';
import { oldClient, type Places } from './places.ts';

/** What comes of a case: the name of the error's class, or `logged in`; and words that its text holds. */
export interface Verdict {
  readonly outcome: string;
  readonly words?: string;
}

/** One row. */
export interface LoginCase {
  readonly name: string;
  readonly expected: Verdict;
  /** Where the runtime's sockets cannot do it. */
  readonly onDeno?: Verdict;
  /** Rejects with the error. */
  readonly run: (places: Places) => Promise<void>;
}

/** The text of the row about IPv6 on a machine that has none. */
export const noIpv6 = 'this machine has no IPv6';
const loggedIn: Verdict = { outcome: 'logged in' };
/** Enough to have the line and the login under way, on a busy machine too: what is then told is who was silent. */
const tooShortMs = 3000;

/** Logs in, looks whether the connection is good for anything, and closes. */
async function login(urls: string | readonly string[], options: ClientOptions): Promise<void> {
  const client = new Client(urls, { connectTimeout: 30_000, ...options });
  try {
    await client.connect();
    await client.queueDeclare({ exclusive: true });
  } finally {
    await client.close();
  }
}

type Url = (places: Places) => string | readonly string[];
type Options = (places: Places) => ClientOptions;

function row(name: string, expected: Verdict, url: Url, options: Options = () => ({}), onDeno?: Verdict): LoginCase {
  // RabbitMQ's log names each connection that has logged in: the test looks there.
  const named = (places: Places): ClientOptions => ({
    connectionName: `${places.runtime}: ${name}`,
    ...options(places),
  });
  const run = async (places: Places): Promise<void> => login(url(places), named(places));
  return { name, expected, run, ...(onDeno === undefined ? {} : { onDeno }) };
}

const refusedBy = (words: string, outcome = 'ConnectionBroken'): Verdict => ({ outcome, words });
const cannot = (words: string): Verdict => ({ outcome: 'UsageError', words });

const plain: Url = ({ plain }) => `amqp://${plain}`;
const secure: Url = ({ tls }) => `amqps://localhost:${tls.slice(tls.lastIndexOf(':') + 1)}`;
const identified: Options = ({ certificates: { ca, client } }) => ({
  tls: { ca, cert: client.cert, key: client.key },
});
const external: Options = (places) => ({ ...identified(places), mechanisms: ['EXTERNAL'] });
const wrongPassword: ClientOptions = { credentials: { username: 'guest', password: 'wrong' } };

/** RabbitMQ's own example of a mechanism with a challenge. */
function demo(answer: (challenge: string, password: string) => string | Promise<string>): LoginMechanism {
  return {
    name: 'RABBIT-CR-DEMO',
    begin: ({ username, password }) => ({
      response: username,
      answer: (challenge) => answer(new TextDecoder().decode(challenge), password),
    }),
  };
}

/** Answers what was asked, and nothing else. */
function honest(challenge: string, password: string): string {
  if (challenge !== 'Please tell me your password') throw new Error(`unexpected challenge: ${challenge}`);
  return `My password is ${password}`;
}

const tlsRows: readonly LoginCase[] = [
  row('TLS, client certificate, PLAIN', loggedIn, secure, (places) => ({
    ...identified(places),
    mechanisms: ['PLAIN'],
  })),
  row('TLS, PEM as bytes', loggedIn, secure, ({ certificates: { ca, client } }) => {
    const bytes = (pem: string): Uint8Array => new TextEncoder().encode(pem);
    return { tls: { ca: [bytes(ca)], cert: bytes(client.cert), key: bytes(client.key) } };
  }),
  row('TLS, PLAIN where it is forbidden in the clear', loggedIn, secure, (places) => ({
    ...identified(places),
    allowCleartextPassword: false,
  })),
  row('TLS, encrypted key and passphrase', loggedIn, secure, ({ certificates: { ca, client } }) => ({
    tls: { ca, cert: client.cert, key: client.encryptedKey, passphrase: client.passphrase },
  })),
  row(
    'TLS, rejectUnauthorized: false, unknown authority',
    loggedIn,
    secure,
    ({ certificates: { strangerCa, client } }) => ({
      tls: { ca: strangerCa, cert: client.cert, key: client.key, rejectUnauthorized: false },
    }),
    cannot("Deno's TLS cannot do rejectUnauthorized: false"),
  ),
  row(
    'TLS, minVersion TLSv1.3',
    loggedIn,
    secure,
    ({ certificates: { ca, client } }) => ({ tls: { ca, cert: client.cert, key: client.key, minVersion: 'TLSv1.3' } }),
    cannot("Deno's TLS cannot do minVersion: 'TLSv1.3'"),
  ),
  row('unknown authority', refusedBy('give it as ca'), secure, ({ certificates: { strangerCa } }) => ({
    tls: { ca: strangerCa },
  })),
  row('authority not given', refusedBy('give it as ca'), secure),
  row(
    'expired certificate',
    refusedBy('has expired'),
    ({ expired }) => `amqps://${expired}`,
    ({ certificates: { ca } }) => ({
      tls: { ca },
    }),
  ),
  row('wrong host name', refusedBy('set serverName'), secure, ({ certificates: { ca } }) => ({
    tls: { ca, serverName: 'rabbit.example' },
  })),
  row(
    'server wants a client certificate',
    refusedBy('the server wants a client certificate'),
    secure,
    ({ certificates: { ca } }) => ({
      tls: { ca },
    }),
  ),
  row(
    'client certificate of an unknown authority',
    refusedBy('the server does not trust the authority of our certificate'),
    secure,
    ({ certificates: { ca, strangerClient } }) => ({ tls: { ca, ...strangerClient } }),
  ),
  row(
    'port does not speak TLS',
    refusedBy('does the server speak TLS on this port?'),
    ({ plain }) => `amqps://${plain}`,
    ({ certificates: { ca } }) => ({
      tls: { ca },
    }),
  ),
  row('port speaks only TLS', refusedBy('use amqps://', 'UnsupportedProtocol'), ({ tls }) => `amqp://${tls}`),
];

const externalRows: readonly LoginCase[] = [
  row('EXTERNAL, client certificate', loggedIn, secure, external),
  row('EXTERNAL, files and mechanism in the URL', loggedIn, (places) => {
    const { ca, cert, key } = places.files;
    const files = { cacertfile: ca, certfile: cert, keyfile: key };
    return `${String(secure(places))}?${new URLSearchParams({ ...files, auth_mechanism: 'external', verify: 'verify_peer' })}`;
  }),
  row(
    'EXTERNAL, no TLS',
    refusedBy('RabbitMQ offers EXTERNAL only with a client certificate', 'AuthenticationFailed'),
    plain,
    () => ({
      mechanisms: ['EXTERNAL'],
    }),
  ),
];

const passwordRows: readonly LoginCase[] = [
  row('PLAIN', loggedIn, plain, () => ({ mechanisms: ['PLAIN'] })),
  row('AMQPLAIN', loggedIn, plain, () => ({ mechanisms: ['AMQPLAIN'] })),
  row(
    'PLAIN, wrong password',
    refusedBy('refused using authentication mechanism PLAIN', 'AuthenticationFailed'),
    plain,
    () => ({
      ...wrongPassword,
      mechanisms: ['PLAIN'],
    }),
  ),
  row(
    'AMQPLAIN, wrong password',
    refusedBy('refused using authentication mechanism AMQPLAIN', 'AuthenticationFailed'),
    plain,
    () => ({
      ...wrongPassword,
      mechanisms: ['AMQPLAIN'],
    }),
  ),
  row(
    'wrong password, and the broker only drops the line',
    refusedBy('probably wrong credentials', 'AuthenticationFailed'),
    ({ dropping }) => `amqp://${dropping}`,
    () => ({ ...wrongPassword, clientProperties: oldClient, connectionName: undefined }),
  ),
  row('password forbidden in the clear', refusedBy('in the clear', 'UsageError'), plain, () => ({
    allowCleartextPassword: false,
  })),
  row(
    'password forbidden in the clear, and nothing else offered',
    refusedBy('PLAIN and AMQPLAIN are forbidden without TLS', 'AuthenticationFailed'),
    plain,
    () => ({ allowCleartextPassword: false, mechanisms: ['PLAIN', 'EXTERNAL'] }),
  ),
];

const ownRows: readonly LoginCase[] = [
  row('own mechanism, challenge answered', loggedIn, plain, () => ({ mechanisms: [demo(honest)] })),
  row('own mechanism, answered later', loggedIn, plain, () => ({
    mechanisms: [demo(async (challenge, password) => honest(challenge, password))],
  })),
  row('own mechanism, wrong answer', refusedBy('RABBIT-CR-DEMO', 'AuthenticationFailed'), plain, () => ({
    mechanisms: [demo(() => 'My password is wrong')],
  })),
  row('own mechanism fails', refusedBy('failed in this client', 'AuthenticationFailed'), plain, () => ({
    mechanisms: [demo(() => Promise.reject(new Error('no ticket')))],
  })),
];

const vhostRows: readonly LoginCase[] = [
  row(
    'virtual host that is not there',
    refusedBy('vhost nowhere not found', 'NotAllowed'),
    ({ plain }) => `amqp://${plain}/nowhere`,
  ),
  row(
    'virtual host closed to the user',
    refusedBy("access to vhost 'closed' refused for user 'guest'", 'NotAllowed'),
    ({ plain }) => `amqp://${plain}/closed`,
  ),
  // Full without an open connection: RabbitMQ counts a connection some time after it has let it in.
  row(
    'virtual host that is full',
    refusedBy('connection limit (0) is reached', 'NotAllowed'),
    ({ plain }) => `amqp://${plain}/full`,
  ),
  row(
    'user with too many connections',
    refusedBy('user connection limit (0) is reached', 'NotAllowed'),
    ({ plain }) => `amqp://limited:pw@${plain}`,
  ),
];

/** Resolves when the secret that a second call of the function returns has reached the broker; rejects when the connection ends. */
async function renewed(places: Places, name: string, second: string): Promise<void> {
  let asked = 0;
  let isAsked = (): void => {};
  const askedAgain = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const client = new Client(`amqp://${places.plain}`, {
    connectionName: `${places.runtime}: ${name}`,
    credentials: async () => {
      asked += 1;
      if (asked === 1) return { username: '', password: places.tokens.first, expiresIn: 1 };
      isAsked();
      return { username: '', password: second };
    },
  });
  const lost = new Promise<never>((_, reject) => client.once('disconnected', reject));
  await client.connect();
  try {
    await Promise.race([askedAgain, lost]);
    // The first may go out before the secret, the second goes after it.
    for (let count = 0; count < 2; count += 1) await Promise.race([client.queueDeclare({ exclusive: true }), lost]);
  } catch (error) {
    throw await lost.catch((reason: unknown) => reason ?? error);
  } finally {
    lost.catch(() => {});
    await client.close();
  }
}

const tokenRows: readonly LoginCase[] = [
  row('credentials by a function, a token', loggedIn, plain, ({ tokens }) => ({
    credentials: async () => ({ username: '', password: tokens.first, expiresIn: 3_600_000 }),
  })),
  row('credentials by a function, a bad token', refusedBy('refused', 'AuthenticationFailed'), plain, ({ tokens }) => ({
    credentials: () => ({ username: '', password: `${tokens.first}x` }),
  })),
  row(
    'credentials function fails',
    refusedBy('the credentials function failed', 'AuthenticationFailed'),
    plain,
    () => ({
      credentials: () => Promise.reject(new Error('the server of tokens is down')),
    }),
  ),
  {
    name: 'credentials expire, update-secret',
    expected: loggedIn,
    run: (places) => renewed(places, 'credentials expire, update-secret', places.tokens.second),
  },
  {
    name: 'credentials expire, update-secret refused',
    expected: refusedBy('New secret was refused', 'NotAllowed'),
    run: (places) => renewed(places, 'credentials expire, update-secret refused', 'no token'),
  },
];

const strangerRows: readonly LoginCase[] = [
  row(
    'AMQP of another version',
    refusedBy('AMQP 0 1 0 0', 'UnsupportedProtocol'),
    ({ otherVersion }) => `amqp://${otherVersion}`,
  ),
  row('HTTP', refusedBy('the port speaks HTTP', 'UnsupportedProtocol'), ({ http }) => `amqp://${http}`),
  row('SSH', refusedBy('the port speaks SSH', 'UnsupportedProtocol'), ({ ssh }) => `amqp://${ssh}`),
  row(
    'peer that hangs up',
    refusedBy('closed the connection without an answer'),
    ({ hangingUp }) => `amqp://${hangingUp}`,
  ),
  row(
    'peer that hangs up, TLS',
    refusedBy('does the server speak TLS on this port?'),
    ({ hangingUp }) => `amqps://${hangingUp}`,
  ),
];

const connectingRows: readonly LoginCase[] = [
  row('port that no server listens on', refusedBy('connection refused'), ({ refused }) => `amqp://${refused}`),
  row(
    'silent port',
    refusedBy('accepted the connection and sent nothing', 'HandshakeTimeout'),
    ({ silent }) => `amqp://${silent}`,
    () => ({
      connectTimeout: tooShortMs,
    }),
  ),
  row(
    'silent port, TLS',
    refusedBy('the TLS handshake got no answer', 'HandshakeTimeout'),
    ({ silent }) => `amqps://${silent}`,
    () => ({
      connectTimeout: tooShortMs,
    }),
  ),
  row(
    'credentials that do not come',
    refusedBy('the credentials function did not answer', 'HandshakeTimeout'),
    plain,
    () => ({
      credentials: () => new Promise(() => {}),
      connectTimeout: tooShortMs,
    }),
  ),
  row('several hosts, the last is a broker', loggedIn, (places) => [
    `amqp://${places.refused}`,
    `amqp://${places.http}`,
    `amqps://${places.hangingUp}`,
    `amqp://${places.plain}`,
  ]),
  row('several hosts, none is', refusedBy('none of the 2 hosts took the connection'), (places) => [
    `amqp://${places.refused}`,
    `amqp://${places.ssh}`,
  ]),
  row(
    'a name of both families',
    loggedIn,
    ({ plain }) => `amqp://localhost:${plain.slice(plain.lastIndexOf(':') + 1)}`,
  ),
  {
    name: 'IPv6',
    expected: loggedIn,
    run: async ({ ipv6 }) => {
      if (ipv6 === undefined) throw new Error(noIpv6);
      await login(`amqp://${ipv6}`, {});
    },
  },
  row(
    'parameter of the URL that is unknown',
    refusedBy('the parameter colour of the URL is unknown', 'UsageError'),
    ({ plain }) => `amqp://${plain}?colour=red`,
  ),
  row('frameMax below 8192', refusedBy('8192 is the least, because RabbitMQ 4.1', 'UsageError'), plain, () => ({
    frameMax: 4096,
  })),
];

/** The table, by what is at stake. */
export const loginCases: readonly LoginCase[] = [
  ...tlsRows,
  ...externalRows,
  ...passwordRows,
  ...ownRows,
  ...vhostRows,
  ...tokenRows,
  ...strangerRows,
  ...connectingRows,
];
