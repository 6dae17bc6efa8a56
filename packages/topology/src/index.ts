/** The public face of `@puka/topology`. Holds no code. */
export type { Applied, ApplyOptions } from './apply.ts';
export type { Checked, CheckOptions } from './check.ts';
export type {
  Binding,
  Exchange,
  ExchangeBindingDefinition,
  ExchangeDefinition,
  Policy,
  PolicyDefinition,
  PredeclaredExchange,
  Queue,
  QueueBindingDefinition,
  QueueDefinition,
  TopologyData,
  TopologyDefinition,
} from './definition.ts';
export type { Difference, ThingKind } from './difference.ts';
export type { ManagementOptions } from './management.ts';
export type { Migrated, MigrateOptions, MigrationProgress } from './migrate.ts';
export { policyOf } from './policy-of.ts';
export {
  type ClassicQueueOptions,
  classicQueue,
  type DeadLetter,
  type QueueArguments,
  type QuorumQueueOptions,
  quorumQueue,
  type StreamQueueOptions,
  streamQueue,
} from './queue-arguments.ts';
export type { Removed, RemoveOptions } from './remove.ts';
export { type Interval, type StreamOffset, streamOffset } from './stream-offset.ts';
export { defineTopology, Topology } from './topology.ts';
export { ManagementFailed, TopologyFailed, type TopologyFailure } from './topology-failed.ts';
