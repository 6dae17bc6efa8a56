import { expect, test } from 'vitest';
import { type AdmissionRules, type RelayRequest, refusalOf } from '../../src/relay/admission.ts';

const rules: AdmissionRules = {
  ...{ path: '/amqp', origins: ['https://shop.example'] },
  ...{ maxConnections: 10, maxConnectionsPerAddress: 2 },
};
const request: RelayRequest = { target: '/amqp', origin: 'https://shop.example', open: 0, openOfAddress: 0 };

test.each<[string, Partial<RelayRequest>, Partial<AdmissionRules>]>([
  ['an origin on the list', {}, {}],
  ['a client that is no browser', { origin: undefined }, { origins: [] }],
  ['any origin where all are allowed', { origin: 'null' }, { origins: ['*'] }],
  ['a query', { target: '/amqp?token=1' }, {}],
  ['the last free place', { open: 9, openOfAddress: 1 }, {}],
])('lets in %s', (_what, changes, otherRules) => {
  expect(refusalOf({ ...request, ...changes }, { ...rules, ...otherRules })).toBe(undefined);
});

test.each<[string, Partial<RelayRequest>, Partial<AdmissionRules>, number]>([
  ['another path', { target: '/' }, {}, 404],
  ['a longer path', { target: '/amqp/' }, {}, 404],
  ['another origin', { origin: 'https://shop.example.evil.test' }, {}, 403],
  ['the origin with another scheme', { origin: 'http://shop.example' }, {}, 403],
  ['every origin where none is on the list', {}, { origins: [] }, 403],
  ['the origin null of a local file', { origin: 'null' }, {}, 403],
  ['one too many', { open: 10 }, {}, 503],
  ['one too many from its address', { openOfAddress: 2 }, {}, 503],
])('refuses %s', (_what, changes, otherRules, status) => {
  expect(refusalOf({ ...request, ...changes }, { ...rules, ...otherRules })?.status).toBe(status);
});
