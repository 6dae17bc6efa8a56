/** The metrics. Must not start spans. */
import {
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  type UpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import type { ObservedClient } from '@puka/client';
import { attribute, durationBounds, metric, type OperationType, ownMetric } from './conventions.ts';
import type { Destination } from './destinations.ts';

/** What distinguishes the series of a metric. */
export interface Operation {
  readonly name: string;
  readonly type: OperationType;
  readonly client: ObservedClient;
  readonly destination: Destination;
  /** As in `error.type`; `undefined` if it has succeeded. */
  readonly errorType: string | undefined;
}

function attributesOf({ name, type, client, destination, errorType }: Operation): Attributes {
  return {
    [attribute.system]: 'rabbitmq',
    [attribute.operationName]: name,
    [attribute.operationType]: type,
    ...(destination.label === undefined ? {} : { [attribute.destination]: destination.label }),
    ...serverAttributes(client),
    ...(errorType === undefined ? {} : { [attribute.errorType]: errorType }),
  };
}

/** Where a client is connected to. */
export function serverAttributes({ host, port }: ObservedClient): Attributes {
  return host === '' ? {} : { [attribute.serverAddress]: host, [attribute.serverPort]: port };
}

/** The metrics of one listener. */
export class Instruments {
  private readonly operations: Histogram;
  private readonly processes: Histogram;
  private readonly sentMessages: Counter;
  private readonly consumedMessages: Counter;
  private readonly openConnections: UpDownCounter;
  private readonly openChannels: UpDownCounter;

  constructor(meter: Meter) {
    const duration = { unit: 's', valueType: ValueType.DOUBLE, advice: { explicitBucketBoundaries: durationBounds } };
    this.operations = meter.createHistogram(metric.operationDuration, {
      ...duration,
      description: 'Duration of messaging operation initiated by a producer or consumer client.',
    });
    this.processes = meter.createHistogram(metric.processDuration, {
      ...duration,
      description: 'Duration of processing operation.',
    });
    this.sentMessages = meter.createCounter(metric.sentMessages, {
      unit: '{message}',
      description: 'Number of messages producer attempted to send to the broker.',
    });
    this.consumedMessages = meter.createCounter(metric.consumedMessages, {
      unit: '{message}',
      description: 'Number of messages that were delivered to the application.',
    });
    this.openConnections = meter.createUpDownCounter(ownMetric.connections, {
      unit: '{connection}',
      description: 'Connections that are open.',
    });
    this.openChannels = meter.createUpDownCounter(ownMetric.channels, {
      unit: '{channel}',
      description: 'Channels that are open.',
    });
  }

  /** A publish has its outcome. */
  sent(operation: Operation, seconds: number): void {
    const attributes = attributesOf(operation);
    this.operations.record(seconds, attributes);
    this.sentMessages.add(1, attributes);
  }

  /** A get has its outcome. */
  received(operation: Operation, seconds: number): void {
    this.operations.record(seconds, attributesOf(operation));
  }

  /** A message is in the user's hands. */
  consumed(operation: Operation): void {
    this.consumedMessages.add(1, attributesOf(operation));
  }

  /** Work is done. */
  processed(operation: Operation, seconds: number): void {
    this.processes.record(seconds, attributesOf(operation));
  }

  /** One more, or one less. */
  connection(client: ObservedClient, change: 1 | -1): void {
    this.openConnections.add(change, { [attribute.system]: 'rabbitmq', ...serverAttributes(client) });
  }

  /** One more, or one less. */
  channel(client: ObservedClient, change: 1 | -1): void {
    this.openChannels.add(change, { [attribute.system]: 'rabbitmq', ...serverAttributes(client) });
  }
}
