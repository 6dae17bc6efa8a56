/**
 * The names of OpenTelemetry's semantic conventions for messaging and for RabbitMQ, version 1.45.0. A test compares them with
 * `@opentelemetry/semantic-conventions`. They are copied here, because that package states that its experimental names may change in
 * any release.
 */

/** Attributes of spans and of metrics. */
export const attribute = {
  system: 'messaging.system.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  destinationAnonymous: 'messaging.destination.anonymous',
  destinationTemporary: 'messaging.destination.temporary',
  batchCount: 'messaging.batch.message_count',
  clientId: 'messaging.client.id',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  routingKey: 'rabbitmq.destination.routing_key',
  deliveryTag: 'rabbitmq.message.delivery_tag',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
} as const;

/** Metrics. */
export const metric = {
  operationDuration: 'messaging.client.operation.duration',
  sentMessages: 'messaging.client.sent.messages',
  consumedMessages: 'messaging.client.consumed.messages',
  processDuration: 'messaging.process.duration',
} as const;

/** Metrics that the conventions do not know. */
export const ownMetric = {
  connections: 'puka.client.connections',
  channels: 'puka.client.channels',
} as const;

/** Values of `operationType`. */
export type OperationType = 'send' | 'receive' | 'process' | 'settle';

/** Bounds of the histograms of durations, in seconds, as the conventions advise. */
export const durationBounds: number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
