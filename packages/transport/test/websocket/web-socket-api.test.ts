import { UsageError } from '@puka/errors';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeDetails, eventError, globalWebSocket, messageData } from '../../src/websocket/web-socket-api.ts';
import { FakeWebSocket } from './fake-web-socket.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('globalWebSocket', () => {
  it('finds the one of the runtime', () => {
    vi.stubGlobal('WebSocket', FakeWebSocket);
    expect(globalWebSocket()).toBe(FakeWebSocket);
  });

  it('reports what to do where there is none', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(globalWebSocket).toThrow(UsageError);
    expect(globalWebSocket).toThrow(/Node 20 has none.*webSocketConnector\(\{ WebSocket \}\)/);
  });
});

describe('events', () => {
  it('have text or bytes as their data', () => {
    expect(messageData({ data: 'end' })).toBe('end');
    expect(messageData({ data: Uint8Array.of(1, 2).buffer })).toEqual(Uint8Array.of(1, 2));
    expect(messageData({ data: new Blob(['x']) })).toBe(undefined);
    expect(messageData({})).toBe(undefined);
  });

  it('have a code and a reason, or none', () => {
    expect(closeDetails({ code: 4001, reason: 'x' })).toEqual({ code: 4001, reason: 'x' });
    expect(closeDetails({})).toEqual({ code: 1006, reason: '' });
  });

  it('have an error, or none', () => {
    const error = new Error('x');
    expect(eventError({ error })).toBe(error);
    expect(eventError({ error: 'x' })).toBe(undefined);
  });
});
