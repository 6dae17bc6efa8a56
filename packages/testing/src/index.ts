/** The public face of `@puka/testing`. Holds no code. */
export { EmbeddedBroker, startBroker } from './broker.ts';
export type { TimeMode } from './clock.ts';
export { type DropOptions, Faults, type MessageFilter } from './faults/faults.ts';
export type { BrokerOptions, PermissionOptions, UrlParts } from './options.ts';
export type { TestMessage } from './put-message.ts';
export { PublishedMessage } from './watching/published-message.ts';
export type { BindingInfo, ConnectionInfo, ConsumerInfo, ExchangeInfo, QueueInfo } from './watching/views.ts';
export type { WaitOptions } from './watching/waits.ts';
