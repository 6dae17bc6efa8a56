import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { decodeTable, encodeTable, table } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { completeClientProperties } from '../../src/session/client-properties.ts';

const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('client properties', () => {
  it('name the product and the version of the package', () => {
    expect(completeClientProperties({})).toMatchObject({ product: 'Puka', ...pick(manifest, 'version') });
  });

  it('are joined with those of the user, which win', () => {
    expect(completeClientProperties({ product: 'Mine', app: 'x' })).toMatchObject({ product: 'Mine', app: 'x' });
    expect(completeClientProperties(new Map([['app', 'x']]))).toMatchObject({ product: 'Puka', app: 'x' });
  });

  it('have the name of the connection and the platform, which the own ones may replace', () => {
    const given = { connectionName: 'mine', platform: 'Node.js 1' };
    expect(completeClientProperties({}, given)).toMatchObject({ connection_name: 'mine', platform: 'Node.js 1' });
    expect(completeClientProperties({ platform: 'own', connection_name: 'own' }, given)).toMatchObject({
      connection_name: 'mine',
      platform: 'own',
    });
  });

  it('keep the capabilities that the client lives by', () => {
    const own = { capabilities: { authentication_failure_close: false, mine: true } };
    const sent = decodeTable(encodeTable(completeClientProperties(own)));
    expect(sent.capabilities).toMatchObject({
      authentication_failure_close: true,
      consumer_cancel_notify: true,
      'connection.blocked': true,
      mine: true,
    });
  });

  it('are taken of another realm', () => {
    const expected = { product: 'Puka', app: 'x', capabilities: { mine: true } };
    for (const own of [
      "{ app: 'x', capabilities: { mine: true } }",
      "new Map([['app', 'x'], ['capabilities', new Map([['mine', true]])]])",
    ]) {
      expect(completeClientProperties(runInNewContext(`(${own})`))).toMatchObject(expected);
    }
  });

  it('refuse what is not a table', () => {
    expect(() => completeClientProperties(table({}))).toThrow('plain object or a Map');
    expect(() => completeClientProperties({ capabilities: 'all' })).toThrow('clientProperties.capabilities');
  });
});

function pick(value: unknown, key: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || !(key in value)) throw new Error(`no ${key}`);
  return { [key]: Reflect.get(value, key) };
}
