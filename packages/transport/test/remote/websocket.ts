/**
 * The contract suite over WebSockets of the runtime, through a relay: `contract-cli.ts` in packages/checks. The relay and the
 * servers behind it are in another process, which PUKA_CONTRACT_HOST names.
 */
import { defineTransportContract, remoteHarness } from '@puka/testkit/transport-contract';
import { webSocketConnector } from '@puka/transport/websocket';
import { describe, expect, it } from 'vitest';

const url = process.env.PUKA_CONTRACT_HOST ?? '';
const harness = remoteHarness({
  ...{ name: 'global WebSocket', connector: webSocketConnector(), url, servers: 'relay' },
  ...{ hasSocket: true, refusalText: 'ECONNREFUSED' },
});

defineTransportContract({ describe, it, expect }, harness);
