import { protocolHeader } from '@puka/wire';
import { beforeEach, expect, it } from 'vitest';
import { ClientLine } from '../src/client-line.ts';
import { BrokerModel } from '../src/model/broker-model.ts';
import { noInterference } from '../src/protocol/interference.ts';
import { defaultSettings } from '../src/protocol/server-settings.ts';
import { TestLine } from './listener/test-line.ts';

let line: TestLine;
let owned: string[];
let client: ClientLine;

beforeEach(() => {
  line = new TestLine();
  owned = [];
  const broker = new BrokerModel({ newId: () => new Uint8Array(16) });
  const context = {
    broker,
    settings: defaultSettings,
    interference: noInterference,
    alarms: new Set<string>(),
    noteMistake: () => {},
  };
  client = new ClientLine(line, context, {
    nowMs: 0,
    outputWaiting: () => owned.push('output'),
    turnOver: () => owned.push('turn'),
    lineGone: () => owned.push('gone'),
  });
});

/** How many bytes have been written. */
function sentBytes(): number {
  return line.written.flat().length;
}

it('reports that there is output, and sends it when it is asked to', () => {
  client.received(protocolHeader);
  expect([owned, line.written]).toEqual([['output', 'turn'], []]);
  client.flush();
  expect(line.written.flat()[0]).toBe(1);
  client.flush();
  expect(line.written).toHaveLength(1);
});

it('ends the connection after so many bytes of the broker, and nothing comes after', () => {
  client.breakAfter(10, 'broker');
  client.received(protocolHeader);
  client.flush();
  expect([sentBytes(), line.isEnded, owned.at(-2)]).toEqual([10, true, 'gone']);
  const before = owned.length;
  client.received(protocolHeader);
  expect(owned).toHaveLength(before);
});

it('breaks the connection after so many bytes of the client, which have been read', () => {
  client.breakAfter(8, 'client');
  client.received(new Uint8Array([...protocolHeader, 1, 2, 3]));
  expect([line.isReset, client.connection.state, owned]).toEqual([true, 'gone', ['output', 'output', 'gone', 'turn']]);
});

it('ends the connection after the last words of a connection', () => {
  client.received(new TextEncoder().encode('GET / HT'));
  client.flush();
  expect([line.written, line.isEnded]).toEqual([[[...protocolHeader]], true]);
});

it('notifies the connection once that it is gone', () => {
  client.ended();
  client.ended();
  client.reset();
  expect(owned.filter((what) => what === 'gone')).toHaveLength(1);
});
