/** The public face of `@puka/client`. Holds no code. */
export * from '@puka/errors';
export {
  array,
  bytes,
  Decimal,
  decimal,
  decodeText,
  encodeText,
  type FieldTable,
  type FieldTableInput,
  type FieldValue,
  type FieldValueInput,
  float32,
  float64,
  hasRawOctets,
  int8,
  int16,
  int32,
  int64,
  longString,
  Tagged,
  Timestamp,
  table,
  timestamp,
  uint8,
  uint16,
  uint32,
} from '@puka/wire';
export { Client, loop } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export type { ConnectingOptions, ConnectionOptions } from './connecting/connection-options.ts';
export type { Credentials, CredentialsSource } from './connecting/credentials.ts';
export type { LoginExchange, LoginMechanism } from './connecting/login-mechanism.ts';
export type { ClientState } from './connection/client-states.ts';
export { Consumer, type MessageCallback } from './consuming/consumer.ts';
export { Message, type MessageSummary } from './consuming/message.ts';
export type {
  Cancelled,
  ConsumeMultiOptions,
  ConsumeOptions,
  ConsumeQueue,
  GetOptions,
  QosOptions,
} from './consuming/options.ts';
export type { RequestCounts } from './diagnostics/client-counts.ts';
export type {
  ClientData,
  ConnectData,
  DeliveryData,
  Diagnostics,
  DisconnectData,
  ObservedClient,
  ProcessData,
  PublishData,
  RequestData,
  SettlementData,
} from './diagnostics/diagnostics.ts';
export { addDiagnostics } from './diagnostics/listeners.ts';
export type { ClientMetrics, DeliveryMetrics, PublishMetrics } from './diagnostics/metrics.ts';
export { toPrometheus } from './diagnostics/prometheus.ts';
export type { TraceEntry } from './diagnostics/trace-entry.ts';
export type { TraceListener, TraceOptions } from './diagnostics/wire-log.ts';
export type { ClientEvents } from './events.ts';
export type { ErrorFirst, ErrorFirstValues } from './operations/error-first.ts';
export { type Callback, Operation } from './operations/operation.ts';
export type { OperationOptions } from './operations/operation-options.ts';
export type { PublishOptions } from './publishing/options.ts';
export type { RecoverOptions } from './recovery/recover-options.ts';
export type { PlannedAttempt, RecoveryReport } from './recovery/recovery.ts';
export type { RestoredCounts } from './recovery/replay.ts';
export type { RecoveryPhase, RecoverySnapshot, RetriedEntity } from './recovery/snapshot.ts';
export type { HistogramSnapshot } from './runtime/histogram.ts';
export type { Runtime, Timer } from './runtime/runtime.ts';
export type { ConnectionInfo, MechanismName } from './session/index.ts';
export type { ShutdownOptions, ShutdownReport } from './shutdowns.ts';
export type {
  ConsumeArguments,
  ExchangeArguments,
  KnownConsumeArguments,
  KnownExchangeArguments,
  KnownQueueArguments,
  QueueArguments,
} from './topology/known-arguments.ts';
export type {
  ExchangeBindOptions,
  ExchangeDeclareOptions,
  ExchangeDeleteOptions,
  MessagesDropped,
  QueueBindOptions,
  QueueDeclared,
  QueueDeclareOptions,
  QueueDeleteOptions,
  QueuePurgeOptions,
} from './topology/options.ts';
export type {
  RecordedBinding,
  RecordedConsumer,
  RecordedEntity,
  RecordedExchange,
  RecordedQueue,
} from './topology/recorded-entity.ts';
export type { Waitable, WaitOptions, WaitResult } from './waiting.ts';
