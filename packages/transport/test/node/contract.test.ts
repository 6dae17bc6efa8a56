/** The contract suite over real sockets, plain and TLS. */

import {
  defineTlsContract,
  defineTransportContract,
  makeCertificates,
  socketHarness,
} from '@puka/testkit/transport-contract';
import { nodeConnector } from '@puka/transport/node';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };
const certificates = makeCertificates();

defineTransportContract(
  api,
  socketHarness({ name: 'node, TCP', connector: nodeConnector, certificates, isSecure: false }),
);
defineTransportContract(
  api,
  socketHarness({ name: 'node, TLS', connector: nodeConnector, certificates, isSecure: true }),
);
defineTlsContract(api, socketHarness({ name: 'node', connector: nodeConnector, certificates, isSecure: true }));
