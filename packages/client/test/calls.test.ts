import { UsageError } from '@puka/errors';
import { decodeText } from '@puka/wire';
import { beforeAll, describe, expect, it } from 'vitest';
import { calls } from '../src/calls.ts';
import { Client, loop } from '../src/client.ts';
import { Consumer } from '../src/consuming/consumer.ts';
import { Operation } from '../src/operations/operation.ts';
import { isPublishCall } from '../src/publishing/publish-call.ts';
import { ScriptedBroker } from './scripted-broker.ts';

let client: Client;

beforeAll(async () => {
  client = await new ScriptedBroker().connected();
});

/** Calls as plain JavaScript does: no compiler looks at the arguments. */
function call(name: string, ...values: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(client, name), client, values);
}

/** What a call was refused with, whether it throws or rejects. */
async function refusal(name: string, ...values: readonly unknown[]): Promise<string> {
  try {
    const result = call(name, ...values);
    if (typeof result === 'object' && result !== null && 'ready' in result) await result.ready;
    else await result;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    if (error instanceof UsageError) return error.message;
  }
  throw new Error(`${name} was not refused`);
}

const consumerFree = ['queueDeclare', 'queueDelete', 'queuePurge', 'queueBind', 'queueUnbind', 'exchangeDeclare'];
const others = ['exchangeDelete', 'exchangeBind', 'exchangeUnbind', 'basicPublish', 'basicGet', 'basicConsume'];
const withOptionsFirst = [...consumerFree, ...others, 'basicConsumeMulti', 'connect', 'close', 'shutdown', 'drained'];

describe('a call', () => {
  it.each(withOptionsFirst)('%s takes one object of options, and shows the right call', async (name) => {
    for (const wrong of ['jobs', 5, null, true, ['jobs']]) {
      const text = await refusal(name, wrong, { durable: true });
      expect(text).toContain(`${name} takes one object of options, not `);
      expect(text).toContain(`${name}({ `);
    }
  });

  it.each(withOptionsFirst)('%s names an option that it does not have', async (name) => {
    expect(await refusal(name, { zzzzzzzz: 1 })).toContain(`${name} has no option 'zzzzzzzz'`);
  });

  it.each(withOptionsFirst.filter((name) => name !== 'loop'))('%s takes a function after it', async (name) => {
    expect(await refusal(name, { timeout: 5 }, 'later')).toContain(`the callback of ${name} is a string`);
  });

  it('with an option that is undefined has not been given it', async () => {
    call('queueDeclare', { queue: 'q', zzzzzzzz: undefined });
    expect(isPublishCall({ routingKey: 'k', zzzzzzzz: undefined }, undefined)).toBe(false);
    const publish = call('basicPublish', { routingKey: 'k', zzzzzzzz: undefined });
    expect(publish).toMatchObject({ state: 'pending' });
  });

  it('of another client is refused at the call', async () => {
    await refusal('basicPublish', '', 'q', new Uint8Array(1));
    await refusal('basicConsume', 'q', () => {});
    await refusal('queueDeclare', 'q', { durable: true });
    await refusal('basicGet', 'q', { noAck: true });
    const consumer = client.basicConsume({ queue: 'q' });
    expect(await refusal('basicQos', consumer, 10)).toContain('basicQos(consumer, { prefetchCount: 10 })');
    await refusal('basicCancel', consumer, 'tag');
    await refusal('wait', client.queueDeclare(), 500);
    await refusal('loop', 500);
  });

  it('passes the refusal to its callback, and calls nothing that cannot be called', async () => {
    const got: unknown[] = [];
    const operation = call('basicGet', 'q', (error: unknown) => got.push(error));
    await expect(operation).rejects.toBeInstanceOf(UsageError);
    client.runAnyCallbacks();
    expect(got).toHaveLength(1);
    expect(got[0]).toBeInstanceOf(UsageError);
  });

  it('with a flag that is neither true nor false is refused', async () => {
    expect(await refusal('queueDeclare', { queue: 'q', durable: 'yes' })).toContain(
      'durable of queueDeclare is a string',
    );
    expect(await refusal('basicGet', { queue: 'q', noAck: 1 })).toContain('noAck');
    expect(await refusal('basicPublish', { routingKey: 'k', mandatory: 'no' })).toContain('mandatory');
  });

  it('of many queues checks each of them', async () => {
    const wrong = { queues: ['a', { queue: 'b', prefetch: 5 }] };
    expect(await refusal('basicConsumeMulti', wrong)).toContain("has no option 'prefetch'");
    expect(await refusal('basicConsumeMulti', { queues: 'a' })).toContain('queues is a string');
  });
});

describe('a value of a wrong kind', () => {
  const wrong: readonly unknown[] = [
    ...[null, 5, -1, Number.NaN, 5n, '', 'x', true, [], [null], [5], {}, () => {}],
    ...[new Map(), new Uint8Array(1), Promise.resolve()],
  ];
  const needed = { queue: 'q', exchange: 'x', source: 'x', destination: 'y', queues: ['q'] };
  const names = ['queueDeclare', 'queueDelete', 'queuePurge', 'queueBind', 'queueUnbind', 'exchangeDeclare'] as const;
  const more = [
    'exchangeDelete',
    'exchangeBind',
    'exchangeUnbind',
    'basicGet',
    'basicConsumeMulti',
    'drained',
  ] as const;

  /** What a call was refused with at once; `undefined` where it was not. */
  function refusedWith(name: string, ...values: readonly unknown[]): unknown {
    const made = call(name, ...values);
    const operation = made instanceof Consumer ? made.ready : made;
    return operation instanceof Operation ? operation.error : undefined;
  }

  it.each([...names, ...more])('in any option of %s is a UsageError, or taken', (name) => {
    for (const option of calls[name].options) {
      const others = Object.entries(needed).filter(([each]) => each !== option && calls[name].options.has(each));
      for (const value of [undefined, ...wrong]) {
        const error = refusedWith(name, { ...Object.fromEntries(others), [option]: value });
        if (error !== undefined) expect(error, `${option}: ${typeof value}`).toBeInstanceOf(UsageError);
      }
    }
  });

  it('in any option of the constructor is a UsageError, or taken', () => {
    for (const option of calls.client.options) {
      for (const value of wrong) {
        let error: unknown;
        try {
          Reflect.construct(Client, ['amqp://localhost', { [option]: value }]);
        } catch (thrown) {
          error = thrown;
        }
        if (error !== undefined) expect(error, `${option}: ${typeof value}`).toBeInstanceOf(UsageError);
      }
    }
  });

  it('is refused with the right call beside it where an exchange has no name', async () => {
    for (const options of [{}, { exchange: 5 }, { exchange: null }]) {
      const text = await refusal('exchangeDeclare', options);
      expect(text).toContain("it takes a name, as in exchangeDeclare({ exchange: 'logs', type: 'fanout' })");
    }
  });

  it('is refused where a list is wanted', async () => {
    expect(await refusal('waitForAll', client.queueDeclare())).toContain('waitForAll([one, another])');
    await expect(Reflect.apply(loop, undefined, [client])).rejects.toThrow('loop([one, another])');
    await expect(Reflect.apply(loop, undefined, [[client, null]])).rejects.toBeInstanceOf(UsageError);
    const observed = await new ScriptedBroker().connected({ diagnostics: { processStarted: () => 1 } });
    for (const messages of [null, 'x', [null], {}]) {
      expect(() => Reflect.apply(observed.process, observed, [messages, () => 1])).toThrow(UsageError);
    }
    expect(observed.process([], () => 'done')).toBe('done');
  });
});

describe('a name with octets that are no UTF-8', () => {
  const raw = decodeText(Uint8Array.of(0x61, 0xff));

  it.each([
    ['queueDeclare', { queue: raw }],
    ['queueDelete', { queue: raw }],
    ['queueBind', { queue: 'q', exchange: raw }],
    ['queueBind', { queue: 'q', exchange: 'x', routingKey: raw }],
    ['exchangeDeclare', { exchange: raw }],
    ['exchangeDelete', { exchange: raw }],
    ['exchangeBind', { source: 'x', destination: raw }],
    ['basicGet', { queue: raw }],
    ['basicConsume', { queue: raw }],
    ['basicConsume', { queue: 'q', consumerTag: raw }],
    ['basicPublish', { routingKey: raw }],
  ])('is refused by %s, because RabbitMQ would close the connection', async (name, options) => {
    expect(await refusal(name, options)).toContain('has octets that are not UTF-8');
  });
});

describe('an option of another client', () => {
  it.each([
    ['basicPublish', 'persistent', 'deliveryMode: 2'],
    ['basicPublish', 'durable', 'messages have deliveryMode'],
    ['basicPublish', 'routing_key', 'did you mean routingKey?'],
    ['basicPublish', 'routingkey', 'did you mean routingKey?'],
    ['basicPublish', 'content', 'did you mean body?'],
    ['basicConsume', 'prefetch', 'did you mean prefetchCount?'],
    ['basicConsume', 'noack', 'did you mean noAck?'],
    ['basicConsume', 'priority', "'x-priority'"],
    ['queueDeclare', 'deadLetterExchange', "'x-dead-letter-exchange'"],
    ['queueDeclare', 'auto_delete', 'did you mean autoDelete?'],
    ['queueDeclare', 'durabel', 'did you mean durable?'],
    ['queueDeclare', 'q', 'its options are queue, durable'],
  ])('%s names for %s what was meant', async (name, option, meant) => {
    expect(await refusal(name, { [option]: true })).toContain(meant);
  });
});

describe('the constructor', () => {
  it.each([
    [{ heartBeat: 5 }, 'did you mean heartbeat?'],
    [{ vhost: '/x' }, 'did you mean the URL'],
    [{ username: 'me' }, 'credentials: { username, password }'],
    [{ servername: 'x' }, 'tls: { serverName: … }'],
    [{ tls: { servername: 'x' } }, 'did you mean serverName?'],
    [{ tls: { rejectUnauthorized: 0 } }, 'rejectUnauthorized of tls'],
    [{ credentials: { username: 'me', password: 'x', expires: 5 } }, "credentials has no option 'expires'"],
    [{ credentials: { user: 'me', pass: 'x' } }, 'did you mean username?'],
    ['guest', 'new Client takes one object of options'],
  ])('with %j reports what was meant', (options, meant) => {
    expect(() => Reflect.construct(Client, ['amqp://localhost', options])).toThrow(UsageError);
    expect(() => Reflect.construct(Client, ['amqp://localhost', options])).toThrow(meant);
  });

  it('shows no secret', () => {
    const options = { credentials: { username: 'me', pasword: 'very secret' } };
    expect(() => Reflect.construct(Client, ['amqp://localhost', options])).not.toThrow(/very secret/);
    expect(() => Reflect.construct(Client, ['amqp://localhost', options])).toThrow('did you mean password?');
  });
});

it('the quick check of a publish knows the options that the slow one knows', () => {
  for (const name of calls.basicPublish.options) expect(isPublishCall({ [name]: 1 }, undefined)).toBe(true);
  expect(isPublishCall({ queue: 1 }, undefined)).toBe(false);
});
