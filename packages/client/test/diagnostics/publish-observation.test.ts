import { ByteReader, encodeTable, int8, longString, readTaggedTable, table } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { PublishObservation } from '../../src/diagnostics/publish-observation.ts';
import type { PublishOptions } from '../../src/publishing/options.ts';

const client = { connectionName: undefined, host: '', port: 0, virtualHost: '' };

function withHeader(options: PublishOptions): PublishOptions | undefined {
  const publish = new PublishObservation(client, options, 0);
  publish.setHeader('b', 'added');
  return publish.close();
}

describe('a publish as listeners see it', () => {
  it('has the defaults of what was left out', () => {
    expect(new PublishObservation(client, { routingKey: 'q' }, 5)).toMatchObject({
      ...{ exchange: '', routingKey: 'q', mandatory: false, bodyBytes: 5 },
    });
  });

  it('without an added header is as it was', () => {
    expect(new PublishObservation(client, { routingKey: 'q' }, 0).close()).toBeUndefined();
  });

  it('keeps the tags and the order of tagged headers, and names that are given twice', () => {
    const headers = table([
      ...[
        { name: 'a', value: int8(5) },
        { name: 'b', value: int8(6) },
      ],
      ...[
        { name: 'a', value: int8(7) },
        { name: Uint8Array.of(255), value: int8(8) },
      ],
    ]);
    const changed = withHeader({ routingKey: 'q', headers })?.headers ?? {};
    const { value } = readTaggedTable(new ByteReader(encodeTable(changed)));
    expect(value).toEqual([
      ...[
        { name: 'a', value: int8(5) },
        { name: 'a', value: int8(7) },
      ],
      ...[
        { name: Uint8Array.of(255), value: int8(8) },
        { name: 'b', value: longString('added') },
      ],
    ]);
  });

  it('leaves what are no headers to be refused where they are encoded', () => {
    expect(() => encodeTable(withHeader({ routingKey: 'q', headers: int8(5) })?.headers ?? {})).toThrow();
  });
});
