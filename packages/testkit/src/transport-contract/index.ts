/**
 * The contract suite for transports: one set of tests for every adapter, run by whatever test runner is at hand.
 * It must not name one.
 */
import { defineBackPressureTests } from './back-pressure-tests.ts';
import { defineBytesTests } from './bytes-tests.ts';
import { defineCloseTests } from './close-tests.ts';
import { defineConnectTests } from './connect-tests.ts';
import type { ContractHarness, TestApi, TlsContractHarness } from './harness.ts';
import { definePullTests } from './pull-tests.ts';
import { defineTlsTests } from './tls-tests.ts';

export { concatenated, firstDifference, patternBytes } from './byte-patterns.ts';
export type { TestCertificates } from './certificates.ts';
export { makeCertificates } from './certificates.ts';
export type {
  ContractAddress,
  ContractHarness,
  ContractPeer,
  ContractServer,
  TestApi,
  TlsContractHarness,
  TlsFeature,
} from './harness.ts';
export { memoryHarness } from './memory-harness.ts';
export { Recorder } from './recorder.ts';
export { remoteHarness } from './remote-harness.ts';
export { type ContractHost, startContractHost } from './remote-host.ts';
export { rejection } from './scene.ts';
export { socketHarness } from './socket-harness.ts';

/** Registers the tests that every transport passes. */
export function defineTransportContract(api: TestApi, harness: ContractHarness): void {
  api.describe(`transport contract: ${harness.name}`, () => {
    defineBytesTests(api, harness);
    defineBackPressureTests(api, harness);
    definePullTests(api, harness);
    defineCloseTests(api, harness);
    defineConnectTests(api, harness);
  });
}

/** Registers the tests about TLS itself; those above run over TLS by a harness whose server speaks it. */
export function defineTlsContract(api: TestApi, harness: TlsContractHarness): void {
  api.describe(`TLS contract: ${harness.name}`, () => defineTlsTests(api, harness));
}
