// The launcher of real RabbitMQ nodes. It must import nothing but Node's own modules: a first example program waits for
// it to load.

export { ensureAptPackage } from './apt-install.ts';
export { type EnsuredBroker, type EnsureOptions, ensureBroker } from './ensure-broker.ts';
export { type ClaimedPort, claimPort } from './free-port.ts';
export { isAtLeast } from './is-at-least.ts';
export { launchBroker } from './launch-broker.ts';
export { type ProbeAnswer, type ProbeTarget, probeBroker } from './probe.ts';
export { type ProvidedOfBroker, providedOf } from './provided.ts';
export { runCommand } from './run-command.ts';
export { signedToken, tokenConfig } from './tokens.ts';
export {
  type Broker,
  type BrokerEndpoint,
  type BrokerTls,
  BrokerUnavailable,
  type LaunchOptions,
  type OnProgress,
  type QueueReport,
  type UrlParts,
} from './types.ts';
