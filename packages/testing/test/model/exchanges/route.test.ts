import { expect, it } from 'vitest';
import { Arguments } from '../../../src/model/arguments.ts';
import type { ExchangeType } from '../../../src/model/exchanges/binding-table.ts';
import { Exchange } from '../../../src/model/exchanges/exchange.ts';
import { route } from '../../../src/model/exchanges/route.ts';
import { newMessage } from '../message-factory.ts';

/** Exchanges by name; `->` to a queue, `=>` to an exchange, with the routing key after a colon. */
function routed(
  exchanges: Readonly<Record<string, { type: ExchangeType; alternate?: string; to?: readonly string[] }>>,
  start: string,
  routingKey: string,
  properties: Parameters<typeof newMessage>[1] = {},
): readonly string[] {
  const made = new Map<string, Exchange>();
  for (const [name, { type, alternate, to = [] }] of Object.entries(exchanges)) {
    const args = Arguments.from(alternate === undefined ? {} : { 'alternate-exchange': alternate });
    const settings = { name, type, durable: false, autoDelete: false, internal: false, arguments: args };
    const exchange = new Exchange('/', settings);
    made.set(name, exchange);
    for (const text of to) {
      const [, arrow, destination = '', key = ''] = /^(->|=>)(\w+):?(.*)$/.exec(text) ?? [];
      const destinationKind = arrow === '->' ? 'queue' : 'exchange';
      exchange.bindings.add({
        source: name,
        destination,
        destinationKind,
        routingKey: key,
        arguments: Arguments.none,
      });
    }
  }
  const exchange = made.get(start);
  if (exchange === undefined) throw new Error(`no exchange ${start}`);
  return route(exchange, newMessage('x', properties, { exchange: start, routingKey }), (name) => made.get(name));
}

it('takes the bindings that fit, each queue once, in the order of the names', () => {
  expect(routed({ d: { type: 'direct', to: ['->b:k', '->a:k', '->c:other'] } }, 'd', 'k')).toEqual(['a', 'b']);
  expect(routed({ f: { type: 'fanout', to: ['->b:1', '->b:2', '->a'] } }, 'f', 'k')).toEqual(['a', 'b']);
  expect(routed({ t: { type: 'topic', to: ['->b:a.*', '->a:#', '->c:b.#'] } }, 't', 'a.b')).toEqual(['a', 'b']);
});

it('goes through exchanges that are bound, each once, though they be bound in a circle', () => {
  const exchanges = {
    one: { type: 'fanout', to: ['=>two'] },
    two: { type: 'fanout', to: ['=>one', '->q'] },
  } as const;
  expect(routed(exchanges, 'one', '')).toEqual(['q']);
});

it('goes on to the alternate exchange where no binding fits, and only there', () => {
  const exchanges = {
    main: { type: 'direct', alternate: 'other', to: ['->q:known'] },
    other: { type: 'fanout', to: ['->rest'] },
  } as const;
  expect([routed(exchanges, 'main', 'known'), routed(exchanges, 'main', 'unknown')]).toEqual([['q'], ['rest']]);
});

it('takes the keys of CC and BCC as well', () => {
  const exchanges = { d: { type: 'direct', to: ['->a:1', '->b:2', '->c:3'] } } as const;
  expect(routed(exchanges, 'd', '1', { headers: { CC: ['2'], BCC: ['3'] } })).toEqual(['a', 'b', 'c']);
});

it('takes the routing key for the name of a queue at the default exchange', () => {
  expect(routed({ '': { type: 'direct' } }, '', 'q', { headers: { CC: ['p', 'q'] } })).toEqual(['p', 'q']);
});
