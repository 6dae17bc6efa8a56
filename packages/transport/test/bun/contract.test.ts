/** The contract suite over real sockets, plain and TLS. */

import {
  defineTlsContract,
  defineTransportContract,
  makeCertificates,
  socketHarness,
} from '@puka/testkit/transport-contract';
import { bunConnector } from '@puka/transport/bun';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };
const certificates = makeCertificates();

defineTransportContract(
  api,
  socketHarness({ name: 'bun, TCP', connector: bunConnector, certificates, isSecure: false }),
);
defineTransportContract(
  api,
  socketHarness({ name: 'bun, TLS', connector: bunConnector, certificates, isSecure: true }),
);
defineTlsContract(api, socketHarness({ name: 'bun', connector: bunConnector, certificates, isSecure: true }));
