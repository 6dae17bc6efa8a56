/** What other clients call their options, and what it is here. Must not decide whether an option is known. */

const persistent = 'deliveryMode: 2, which is the default (1 is transient)';
const inUrl = 'the URL, as in amqp://user:password@host:5672/vhost';
const inRecover = 'recover: { minDelay, maxDelay, … }';

/** For all calls. */
const everywhere: ReadonlyMap<string, string> = new Map([
  ['persistent', persistent],
  ['deliverymode', 'deliveryMode'],
  ['prefetch', 'prefetchCount'],
  ['qos', 'prefetchCount'],
  ['autoack', 'noAck: true'],
  ['autoacknowledge', 'noAck: true'],
  ['tag', 'consumerTag'],
  ['queuename', 'queue'],
  ['exchangename', 'exchange'],
  ['exchangetype', 'type'],
  ['name', 'queue or exchange'],
  ['key', 'routingKey'],
  ['pattern', 'routingKey'],
  ['args', 'arguments'],
  ['content', 'body'],
  ['payload', 'body'],
  ['data', 'body'],
  ['message', 'body'],
  ['ttl', "expiration, or arguments: { 'x-message-ttl': … } of a queue"],
  ['messagettl', "arguments: { 'x-message-ttl': … }"],
  ['expires', "arguments: { 'x-expires': … }"],
  ['deadletterexchange', "arguments: { 'x-dead-letter-exchange': … }"],
  ['deadletterroutingkey', "arguments: { 'x-dead-letter-routing-key': … }"],
  ['maxlength', "arguments: { 'x-max-length': … }"],
  ['maxlengthbytes', "arguments: { 'x-max-length-bytes': … }"],
  ['maxpriority', "arguments: { 'x-max-priority': … }"],
  ['queuetype', "arguments: { 'x-queue-type': … }"],
  ['queuemode', "arguments: { 'x-queue-mode': … }"],
  ['overflow', "arguments: { 'x-overflow': … }"],
  ['singleactiveconsumer', "arguments: { 'x-single-active-consumer': true }"],
  ['alternateexchange', "arguments: { 'alternate-exchange': … }"],
  ['abortsignal', 'signal'],
]);

/** For single calls; these win. */
const byCall: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  basicPublish: new Map([
    ['durable', `durable is an option of queues; messages have ${persistent}`],
    ['mandate', 'mandatory'],
    ['expires', 'expiration, in milliseconds as text'],
    ['ttl', 'expiration, in milliseconds as text'],
    ['cc', 'headers: { CC: […] }'],
    ['bcc', 'headers: { BCC: […] }'],
  ]),
  basicConsume: new Map([
    ['priority', "arguments: { 'x-priority': … }"],
    ['offset', "arguments: { 'x-stream-offset': … }"],
  ]),
  'new Client': new Map([
    ...['vhost', 'virtualhost', 'host', 'hostname', 'port', 'protocol', 'url', 'urls'].map((name): [string, string] => [
      name,
      inUrl,
    ]),
    ...['username', 'user', 'password', 'pass', 'login', 'userid'].map((name): [string, string] => [
      name,
      'credentials: { username, password }',
    ]),
    ...['reconnect', 'autoreconnect', 'retry', 'reconnecttimeinseconds', 'retrylow', 'retryhigh', 'maxretries'].map(
      (name): [string, string] => [name, inRecover],
    ),
    ...['servername', 'sni', 'ca', 'cert', 'key', 'passphrase', 'rejectunauthorized', 'alpn', 'minversion'].map(
      (name): [string, string] => [name, `tls: { ${tlsName(name)}: … }`],
    ),
    ['ssl', 'tls'],
    ['sslparameters', 'tls'],
    ['socketoptions', 'tls'],
    ['timeout', 'connectTimeout'],
    ['connectiontimeout', 'connectTimeout'],
    ['acquiretimeout', 'timeout, an option of each operation'],
    ['name', 'connectionName'],
    ['properties', 'clientProperties'],
    ['confirm', 'pubacks'],
    ['confirms', 'pubacks'],
    ['maxchannels', 'channelMax'],
    ['framesize', 'frameMax'],
  ]),
  credentials: new Map([
    ['user', 'username'],
    ['login', 'username'],
    ['name', 'username'],
    ['pass', 'password'],
    ['token', 'password'],
    ['accesstoken', 'password'],
    ['expiration', 'expiresAt'],
  ]),
  tls: new Map([
    ['sni', 'serverName'],
    ['cafile', 'ca'],
    ['certfile', 'cert'],
    ['keyfile', 'key'],
    ['verify', 'rejectUnauthorized'],
    ['alpnprotocols', 'alpn'],
  ]),
};

/** @returns what was probably meant, for a name that another client knows. */
export function otherNames(call: string, name: string): string | undefined {
  const plain = name.replaceAll(/[_-]/g, '').toLowerCase();
  const key = call === 'basicConsumeMulti' ? 'basicConsume' : call;
  return byCall[key]?.get(plain) ?? everywhere.get(plain);
}

function tlsName(name: string): string {
  if (name === 'servername' || name === 'sni') return 'serverName';
  if (name === 'rejectunauthorized') return 'rejectUnauthorized';
  return name === 'minversion' ? 'minVersion' : name;
}
