/** The public face of `@puka/testing`. Holds no code. */
export { EmbeddedBroker, startBroker } from './broker.ts';
export type { TimeMode } from './clock.ts';
export type { CancelNewOptions } from './faults/consumer-faults.ts';
export type {
  ChannelFilter,
  ConnectionFilter,
  DropOptions,
  LoseLeaderOptions,
  MessageFilter,
  QueueFaultOptions,
  RemoveQueueOptions,
  StopQueueOptions,
} from './faults/fault-options.ts';
export { Faults } from './faults/faults.ts';
export type { DelayOptions, MethodMatch, RefuseOptions } from './faults/method-faults.ts';
export type { StopReason } from './model/stopped-queues.ts';
export type { BrokerOptions, OfferOptions, PermissionOptions, UrlParts } from './options.ts';
export type { Mistake } from './protocol/mistake.ts';
export type { TestMessage } from './put-message.ts';
export { PublishedMessage } from './watching/published-message.ts';
export type { BindingInfo, ConnectionInfo, ConsumerInfo, ExchangeInfo, QueueInfo } from './watching/views.ts';
export type { WaitOptions } from './watching/waits.ts';
