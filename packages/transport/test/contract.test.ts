/** The contract suite over real sockets, plain and TLS, with the adapter of the runtime it runs on. */
import {
  defineTlsContract,
  defineTransportContract,
  makeCertificates,
  socketHarness,
  type TlsFeature,
} from '@puka/testkit/transport-contract';
import { defaultConnector as connector } from '@puka/transport';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };
const certificates = makeCertificates();
/** As in the README. */
const lackedByDeno: readonly TlsFeature[] = ['rejectUnauthorized', 'minVersion', 'serverName with cert', 'startTls'];
const lacks = connector.runtime === 'deno' ? lackedByDeno : [];

defineTransportContract(api, socketHarness({ name: 'TCP', connector, certificates, isSecure: false }));
defineTransportContract(api, socketHarness({ name: 'TLS', connector, certificates, isSecure: true }));
defineTlsContract(api, socketHarness({ name: 'sockets', connector, certificates, isSecure: true, lacks }));
