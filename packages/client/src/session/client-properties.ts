/** What the client tells the broker of itself. Must not look at the runtime. */
import type { FieldTableInput } from '@puka/wire';

/** RabbitMQ: what the broker does otherwise for a client that says so. */
const capabilities: FieldTableInput = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
  per_consumer_qos: true,
};

/** The table of `connection.start-ok`: ours, then the user's, which win but for `capabilities`. */
export function completeClientProperties(own: FieldTableInput): FieldTableInput {
  return { product: 'Puka', platform: 'TypeScript', version: '0.1.0', ...own, capabilities };
}
