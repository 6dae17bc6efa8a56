import { UsageError } from '@puka/errors';
import { type MethodInput, methodInfo } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../src/session/channel-requests.ts';

/** Whether `request()` takes a method of that name. */
function isTaken(id: number, type: string, fields: object = {}): boolean {
  try {
    checkRequest(id, { type, ...fields } as MethodInput);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ method: type });
    return false;
  }
}

describe('requests on a channel', () => {
  it('are all methods of a client that have a reply, except those that open and close', () => {
    const ofClients = [...methodInfo.values()].filter(({ direction }) => direction !== 'server');
    const taken = ofClients.filter(({ id, name }) => isTaken(id, name)).map(({ name }) => name);
    expect(taken).toEqual([
      ...['channel.flow', 'exchange.declare', 'exchange.delete', 'exchange.bind', 'exchange.unbind'],
      ...['queue.declare', 'queue.bind', 'queue.purge', 'queue.delete', 'queue.unbind'],
      ...['basic.qos', 'basic.consume', 'basic.cancel', 'basic.get', 'basic.recover', 'confirm.select'],
      ...['tx.select', 'tx.commit', 'tx.rollback'],
    ]);
  });

  it('must have a reply, so noWait is refused', () => {
    for (const { id, name } of methodInfo.values()) expect(isTaken(id, name, { noWait: true })).toBe(false);
  });

  it('of an unknown name are left to the encoder', () => {
    expect(isTaken(0, 'queue.steal')).toBe(true);
  });
});
