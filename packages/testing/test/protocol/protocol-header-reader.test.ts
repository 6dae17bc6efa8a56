import { protocolHeader } from '@puka/wire';
import { expect, it } from 'vitest';
import { ProtocolHeaderReader } from '../../src/protocol/protocol-header-reader.ts';

it('reads the header in any pieces, and returns what came after it', () => {
  for (let cut = 0; cut <= protocolHeader.length; cut++) {
    const reader = new ProtocolHeaderReader();
    const first = reader.read(protocolHeader.subarray(0, cut));
    const second = new Uint8Array([...protocolHeader.subarray(cut), 7]);
    const whole = first === undefined ? reader.read(second) : { ...first, rest: second };
    expect([whole?.isOurs, [...(whole?.rest ?? [])]]).toEqual([true, [7]]);
  }
});

it('tells another protocol', () => {
  const header = new TextEncoder().encode('GET / HT');
  expect(new ProtocolHeaderReader().read(header)?.isOurs).toBe(false);
});
