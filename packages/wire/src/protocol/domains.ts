/**
 * The domains of the protocol: which kinds of values its methods carry and how each is encoded
 * (AMQP 0-9-1 §1.1). Data only.
 */
import type { Domain } from './definition.ts';

const shortName = 'At most 255 bytes of UTF-8.';
const shortText = 'At most 255 bytes of UTF-8, for people.';
const count32 = 'Up to 2^32 - 1.';

/** Every domain by its name. Those of the standard have its names; the others split its bare wire types by meaning. */
export const domains: Readonly<Record<string, Domain>> = {
  'channel-max': { wireType: 'uint16', doc: 'highest channel number', range: 'Up to 65535; 0 means no limit.' },
  'class-id': { wireType: 'uint16', doc: 'number of a class' },
  'consumer-count': { wireType: 'uint32', doc: 'how many consumers a queue has', range: count32 },
  'consumer-tag': { wireType: 'shortString', doc: 'name of a consumer on its channel', range: shortName },
  'delivery-tag': { wireType: 'uint64', doc: 'number of a delivery or publish', range: 'From 1, counted by channel.' },
  'exchange-name': { wireType: 'shortString', doc: 'name of an exchange; empty is the default one', range: shortName },
  'exchange-type': { wireType: 'shortString', doc: 'type of an exchange', range: shortName },
  'frame-max': {
    wireType: 'uint32',
    doc: 'largest frame',
    range: 'In bytes, header and end octet counted; 0 means no limit.',
  },
  heartbeat: { wireType: 'uint16', doc: 'interval of the heartbeat', range: 'In seconds, up to 65535; 0 is off.' },
  locale: { wireType: 'shortString', doc: 'language of the reply texts', range: shortName },
  locales: { wireType: 'longString', isText: true, doc: 'languages', range: 'Separated by spaces.' },
  mechanism: { wireType: 'shortString', doc: 'SASL mechanism, such as `PLAIN`', range: shortName },
  mechanisms: { wireType: 'longString', isText: true, doc: 'SASL mechanisms', range: 'Separated by spaces.' },
  'message-count': { wireType: 'uint32', doc: 'how many messages are ready in a queue', range: count32 },
  'method-id': { wireType: 'uint16', doc: 'number of a method within its class' },
  option: { wireType: 'bit', doc: 'yes or no' },
  path: { wireType: 'shortString', doc: 'name of a virtual host', range: shortName },
  'prefetch-count': { wireType: 'uint16', doc: 'deliveries without ack', range: 'Up to 65535; 0 means no limit.' },
  'prefetch-size': { wireType: 'uint32', doc: 'bytes without ack', range: 'In bytes; 0 means no limit.' },
  'queue-name': { wireType: 'shortString', doc: 'name of a queue', range: shortName },
  reason: { wireType: 'shortString', doc: 'text', range: shortText },
  'reply-code': { wireType: 'uint16', doc: 'reply code (§1.2)' },
  'reply-text': { wireType: 'shortString', doc: 'text beside the reply code', range: shortText },
  'routing-key': { wireType: 'shortString', doc: 'routing key', range: shortName },
  'security-token': { wireType: 'longString', doc: 'bytes that only the SASL mechanism understands' },
  table: { wireType: 'table', doc: 'field table' },
  'version-part': { wireType: 'uint8', doc: 'half of the protocol version' },
};
