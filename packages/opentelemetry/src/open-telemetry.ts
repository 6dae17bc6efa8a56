/** A listener of a client that makes spans and metrics of its calls. Patches nothing. */
import {
  type Attributes,
  type Baggage,
  type Context,
  context as contextApi,
  type MeterProvider,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  type ClientData,
  type ConnectData,
  type DeliveryData,
  type Diagnostics,
  isPukaError,
  type Message,
  type ObservedClient,
  type ProcessData,
  type PublishData,
  type RequestData,
  type SettlementData,
} from '@puka/client';
import { attribute, type OperationType } from './conventions.ts';
import {
  type Destination,
  deliveryDestination,
  destinationAttributes,
  publishDestination,
  queueDestination,
} from './destinations.ts';
import { Instruments, type Operation, serverAttributes } from './instruments.ts';
import { checkOptions, type OpenTelemetryOptions } from './options.ts';
import { baggageOf, linkTo, Propagation } from './propagation.ts';

export type { OpenTelemetryOptions } from './options.ts';

/** All runtimes have it. */
declare const performance: { now(): number };

const scopeName = '@puka/opentelemetry';

/** Something under way that has a span. */
interface Traced {
  readonly span: Span;
  /** With the span in it. */
  readonly context: Context;
  readonly startedMs: number;
  readonly operation: Omit<Operation, 'errorType'>;
}

/** Work on messages. */
interface TracedWork extends Traced {
  /** The baggage of the publisher, if the publish is the parent. */
  readonly baggage: Baggage | undefined;
}

/** What a span begins with. */
interface SpanStart {
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parent: Context;
  /** Contexts in which the messages were published. */
  readonly producers: readonly (Context | undefined)[];
}

/**
 * A listener for the option `diagnostics`, or for `addDiagnostics`. Spans and metrics follow the semantic conventions 1.45.0.
 *
 * @throws {UsageError} for an unknown option, and one out of its range.
 *
 * @example
 * ```ts
 * import { addDiagnostics } from '@puka/client';
 * import { openTelemetry } from '@puka/opentelemetry';
 *
 * addDiagnostics(openTelemetry());
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Diagnostics {
  checkOptions(options);
  const tracer = (options.tracerProvider ?? trace).getTracer(scopeName);
  return new Listener(options, tracer);
}

class Listener implements Diagnostics {
  private readonly tracer: Tracer;
  private readonly meterProvider: MeterProvider | undefined;
  /** The provider whose meter made the instruments. */
  private meteredBy: MeterProvider;
  private instruments: Instruments;
  private readonly propagation: Propagation;
  private readonly isProducerParent: boolean;
  private readonly hasSettleSpans: boolean;
  private readonly connected = new WeakSet<ObservedClient>();
  /** The contexts of the last work on messages. */
  private readonly works = new WeakMap<Message, Context>();

  constructor(options: OpenTelemetryOptions, tracer: Tracer) {
    this.tracer = tracer;
    this.meterProvider = options.meterProvider;
    this.meteredBy = options.meterProvider ?? metrics.getMeterProvider();
    this.instruments = new Instruments(this.meteredBy.getMeter(scopeName));
    this.propagation = new Propagation(options.propagator);
    this.isProducerParent = options.parent !== 'none';
    this.hasSettleSpans = options.settleSpans ?? true;
  }

  connectStarted({ client }: ConnectData): void {
    this.findMeter();
    this.connectionGone(client);
  }

  connectEnded(_slot: unknown, { client }: ConnectData, error: unknown): void {
    if (error !== undefined) return;
    this.connected.add(client);
    this.instruments.connection(client, 1);
  }

  disconnected({ client }: ClientData): void {
    this.connectionGone(client);
  }

  channelOpened({ client }: ClientData): void {
    this.instruments.channel(client, 1);
  }

  channelClosed({ client }: ClientData): void {
    this.instruments.channel(client, -1);
  }

  publishStarted(publish: PublishData): Traced {
    const { client, exchange, routingKey, options } = publish;
    const active = contextApi.active();
    // A copy of a message, made if no span is active, stays in the trace of the first.
    const existing = trace.getSpan(active) === undefined ? this.propagation.ofPublish(publish) : undefined;
    const destination = publishDestination(exchange, routingKey);
    const traced = this.start('publish', 'send', client, destination, {
      kind: existing === undefined ? SpanKind.PRODUCER : SpanKind.CLIENT,
      attributes: messageAttributes(options.messageId, options.correlationId, routingKey),
      parent: existing ?? active,
      producers: [existing],
    });
    if (existing === undefined) this.propagation.inject(traced.context, publish);
    return traced;
  }

  publishEnded(slot: unknown, _publish: PublishData, error: unknown): void {
    this.finish(slot, error, (operation, seconds) => this.instruments.sent(operation, seconds));
  }

  requestStarted({ method, client, queues: [queue = ''] }: RequestData): Traced | undefined {
    if (method !== 'basic.get') return undefined;
    // Its links are known when the message is there.
    const start = { kind: SpanKind.CLIENT, attributes: {}, parent: contextApi.active(), producers: [] };
    return this.start('get', 'receive', client, queueDestination(queue), start);
  }

  requestEnded(slot: unknown, _request: RequestData, error: unknown, result: unknown): void {
    if (slot === undefined) return;
    const { span } = slot as Traced; // From `requestStarted`.
    if (isMessage(result)) {
      span.addLinks([...linkTo(this.propagation.ofMessage(result))]);
      span.setAttributes(attributesOf(result));
    }
    this.finish(slot, error, (operation, seconds) => this.instruments.received(operation, seconds));
  }

  delivered({ client, message, by }: DeliveryData): void {
    const name = by === 'get' ? 'get' : 'deliver';
    const destination = queueDestination(message.queue);
    this.instruments.consumed({
      name,
      type: by === 'get' ? 'receive' : 'process',
      client,
      destination,
      errorType: undefined,
    });
  }

  processStarted({ client, messages, by }: ProcessData): TracedWork {
    const producers = messages.map((message) => this.propagation.ofMessage(message));
    const active = contextApi.active();
    // The context of a consumer's callback, and of the code that reads the socket for a loop, have nothing to do with the message.
    // Nor does a span that has ended, as that in which a worker was started.
    const ambient = by === 'process' && trace.getSpan(active)?.isRecording() === true ? active : undefined;
    const [first] = messages;
    const isSingle = messages.length === 1 && first !== undefined;
    const producer = isSingle && this.isProducerParent ? producers[0] : undefined;
    const traced = this.start('process', 'process', client, sharedDestination(messages), {
      kind: SpanKind.CONSUMER,
      attributes: isSingle ? attributesOf(first) : { [attribute.batchCount]: messages.length },
      parent: ambient ?? producer ?? ROOT_CONTEXT,
      producers,
    });
    for (const message of messages) this.works.set(message, traced.context);
    return { ...traced, baggage: ambient === undefined ? baggageOf(producer) : undefined };
  }

  runProcess(slot: unknown, work: () => unknown): unknown {
    const { span, baggage } = slot as TracedWork; // It was returned by `processStarted`.
    // The other values in the caller's context are kept.
    const context = trace.setSpan(contextApi.active(), span);
    return contextApi.with(baggage === undefined ? context : propagation.setBaggage(context, baggage), work);
  }

  processEnded(slot: unknown, _process: ProcessData, error: unknown): void {
    this.finish(slot, error, (operation, seconds) => this.instruments.processed(operation, seconds));
  }

  settled(_slot: unknown, { client, message }: DeliveryData, { method }: SettlementData): void {
    if (!this.hasSettleSpans) return;
    const active = contextApi.active();
    const parent = trace.getSpan(active) === undefined ? (this.works.get(message) ?? active) : active;
    const producer = this.propagation.ofMessage(message);
    const { span } = this.start(method.replace('basic.', ''), 'settle', client, destinationOf(message), {
      ...{ kind: SpanKind.CLIENT, attributes: attributesOf(message), parent, producers: [producer] },
    });
    span.end();
  }

  /** Unlike a tracer, a meter of the API does not switch to an SDK that is registered later, so this looks for one. */
  private findMeter(): void {
    if (this.meterProvider !== undefined) return;
    const provider = metrics.getMeterProvider();
    if (provider === this.meteredBy) return;
    this.meteredBy = provider;
    this.instruments = new Instruments(provider.getMeter(scopeName));
  }

  private connectionGone(client: ObservedClient): void {
    if (this.connected.delete(client)) this.instruments.connection(client, -1);
  }

  private start(
    name: string,
    type: OperationType,
    client: ObservedClient,
    destination: Destination,
    { kind, attributes, parent, producers }: SpanStart,
  ): Traced {
    const operation = { name, type, client, destination };
    const span = this.tracer.startSpan(
      destination.label === undefined ? name : `${name} ${destination.label}`,
      {
        kind,
        attributes: {
          [attribute.system]: 'rabbitmq',
          [attribute.operationName]: name,
          [attribute.operationType]: type,
          ...destinationAttributes(destination),
          ...serverAttributes(client),
          ...(client.connectionName === undefined ? {} : { [attribute.clientId]: client.connectionName }),
          ...attributes,
        },
        links: producers.flatMap(linkTo),
      },
      parent,
    );
    return { span, context: trace.setSpan(parent, span), startedMs: performance.now(), operation };
  }

  private finish(slot: unknown, error: unknown, record: (operation: Operation, seconds: number) => void): void {
    const { span, startedMs, operation } = slot as Traced; // What the method that started it has returned.
    const errorType = error === undefined ? undefined : errorTypeOf(error);
    if (errorType !== undefined) {
      span.setAttribute(attribute.errorType, errorType);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    }
    span.end();
    record({ ...operation, errorType }, (performance.now() - startedMs) / 1000);
  }
}

/** The code of an error of the client; of others the name of the class. */
function errorTypeOf(error: unknown): string {
  if (isPukaError(error)) return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'deliveryTag' in value;
}

function messageAttributes(
  messageId: string | undefined,
  correlationId: string | undefined,
  routingKey: string,
): Attributes {
  return {
    ...(messageId === undefined ? {} : { [attribute.messageId]: messageId }),
    ...(correlationId === undefined ? {} : { [attribute.conversationId]: correlationId }),
    ...(routingKey === '' ? {} : { [attribute.routingKey]: routingKey }),
  };
}

function attributesOf(message: Message): Attributes {
  const { messageId, correlationId, routingKey, deliveryTag } = message;
  return { ...messageAttributes(messageId, correlationId, routingKey), [attribute.deliveryTag]: deliveryTag };
}

function destinationOf({ exchange, routingKey, queue }: Message): Destination {
  return deliveryDestination(exchange, routingKey, queue);
}

/** Of one message all that is known of it; of several the queue. */
function sharedDestination(messages: readonly Message[]): Destination {
  const [first, ...others] = messages;
  if (first === undefined) return queueDestination('');
  return others.length === 0 ? destinationOf(first) : queueDestination(first.queue);
}
