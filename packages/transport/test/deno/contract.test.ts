/** The contract suite over real sockets, plain and TLS. */

import {
  defineTlsContract,
  defineTransportContract,
  makeCertificates,
  socketHarness,
} from '@puka/testkit/transport-contract';
import { denoConnector } from '@puka/transport/deno';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };
const certificates = makeCertificates();

defineTransportContract(
  api,
  socketHarness({ name: 'deno, TCP', connector: denoConnector, certificates, isSecure: false }),
);
defineTransportContract(
  api,
  socketHarness({ name: 'deno, TLS', connector: denoConnector, certificates, isSecure: true }),
);
defineTlsContract(
  api,
  socketHarness({
    name: 'deno',
    connector: denoConnector,
    certificates,
    isSecure: true,
    // As the README says.
    lacks: ['rejectUnauthorized', 'passphrase', 'minVersion', 'serverName with cert', 'startTls'],
  }),
);
