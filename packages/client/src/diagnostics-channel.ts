/**
 * What a client does, on the channels of `node:diagnostics_channel`: for tools that subscribe there and know nothing of this
 * package. The entry point `@puka/client/diagnostics-channel`. Must not be imported by the rest of the client.
 */
import { UsageError } from '@puka/errors';
import type {
  ConnectData,
  DeliveryData,
  Diagnostics,
  ProcessData,
  PublishData,
  RequestData,
  SettlementData,
} from './diagnostics/diagnostics.ts';
import { builtinModule } from './runtime/runtime.ts';

/** As far as it is used here. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
  runStores<Result>(message: unknown, work: () => Result): Result;
}

type Phase = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';
type TracingChannel = Readonly<Record<Phase, Channel>>;

interface DiagnosticsChannelModule {
  channel(name: string): Channel;
  tracingChannel(name: string): TracingChannel;
}

/** Added to what a tracing channel publishes, after the start: as `tracePromise` of Node does. */
export interface TracingOutcome {
  /** Why it failed; absent if it has succeeded. */
  error?: unknown;
  /** What it resolved with; absent if it has failed. */
  result?: unknown;
}

/** What each tracing channel publishes: one object from `start` to `asyncEnd`. */
export interface TracingChannels {
  /** `basicPublish`, from the call to the outcome. */
  'puka:publish': PublishData & TracingOutcome;
  /** The work on messages. Stores that are bound to its `start` hold within the work, but for the bodies of loops. */
  'puka:deliver': ProcessData & TracingOutcome;
  /** `queueDeclare` and its kin, `basicGet`, `basicConsume`, `basicQos`, `basicCancel`. */
  'puka:request': RequestData & TracingOutcome;
}

/** What each plain channel publishes. */
export interface PlainChannels {
  /** An attempt to connect begins. */
  'puka:connect:start': ConnectData;
  /** With `error` if the attempt has failed. */
  'puka:connect:end': ConnectData & {
    /** Why the attempt failed; `undefined` if the connection is open. */
    readonly error: unknown;
  };
  /** The connection is gone. */
  'puka:disconnected': Parameters<Required<Diagnostics>['disconnected']>[0];
  /** An attempt to connect again is planned. */
  'puka:recovery:planned': Parameters<Required<Diagnostics>['recoveryPlanned']>[0];
  /** The connection is back. */
  'puka:recovered': Parameters<Required<Diagnostics>['recovered']>[0];
  /** RabbitMQ extension: the broker does not read what is published. */
  'puka:blocked': Parameters<Required<Diagnostics>['blocked']>[0];
  /** RabbitMQ extension: it reads again. */
  'puka:unblocked': Parameters<Required<Diagnostics>['unblocked']>[0];
  /** A channel was opened. */
  'puka:channel:opened': Parameters<Required<Diagnostics>['channelOpened']>[0];
  /** A channel was closed. */
  'puka:channel:closed': Parameters<Required<Diagnostics>['channelClosed']>[0];
  /** Bytes came from the socket. */
  'puka:bytes:received': Parameters<Required<Diagnostics>['bytesReceived']>[0];
  /** Bytes were given to the socket. */
  'puka:bytes:sent': Parameters<Required<Diagnostics>['bytesSent']>[0];
  /** A message was handed out. */
  'puka:delivered': DeliveryData;
  /** A message was settled. */
  'puka:settled': DeliveryData & SettlementData;
}

/**
 * A listener that publishes on the channels of `node:diagnostics_channel`. Give it to the option `diagnostics`, or to
 * `addDiagnostics`. A channel without a subscriber costs one look at it.
 *
 * @throws {UsageError} on a runtime without `node:diagnostics_channel`.
 */
export function diagnosticsChannels(): Diagnostics {
  const found = builtinModule('node:diagnostics_channel');
  if (found === undefined) throw new UsageError('this runtime has no node:diagnostics_channel');
  const channels = found as DiagnosticsChannelModule; // Node's documentation.
  const plain = <Name extends keyof PlainChannels>(name: Name) => {
    const channel = channels.channel(name);
    return (message: PlainChannels[Name]): void => {
      if (channel.hasSubscribers) channel.publish(message);
    };
  };
  const publishing = new Tracing<PublishData>(channels.tracingChannel('puka:publish'));
  const requesting = new Tracing<RequestData>(channels.tracingChannel('puka:request'));
  const working = new Tracing<ProcessData>(channels.tracingChannel('puka:deliver'));
  const connectStarted = plain('puka:connect:start');
  const connectEnded = plain('puka:connect:end');
  const settled = plain('puka:settled');
  return {
    connectStarted,
    connectEnded: (_slot, connect, error) => connectEnded({ ...connect, error }),
    disconnected: plain('puka:disconnected'),
    recoveryPlanned: plain('puka:recovery:planned'),
    recovered: plain('puka:recovered'),
    blocked: plain('puka:blocked'),
    unblocked: plain('puka:unblocked'),
    channelOpened: plain('puka:channel:opened'),
    channelClosed: plain('puka:channel:closed'),
    bytesReceived: plain('puka:bytes:received'),
    bytesSent: plain('puka:bytes:sent'),
    delivered: plain('puka:delivered'),
    settled: (_slot, delivery, settlement) => settled({ ...delivery, ...settlement }),
    publishStarted: (publish) => publishing.start(publish),
    publishEnded: (slot, _publish, error) => publishing.finish(slot, error, undefined),
    requestStarted: (request) => requesting.start(request),
    requestEnded: (slot, _request, error, result) => requesting.finish(slot, error, result),
    // The start of other work is published where it is run.
    processStarted: (process) => (process.by === 'loop' ? working.start(process) : working.begin(process)),
    runProcess: (slot, work) => working.run(slot, work),
    processEnded: (slot, _process, error) => working.finish(slot, error, undefined),
  };
}

/** Something that was begun: the one object that its tracing channel publishes. */
class Traced<Data> {
  readonly context: Data & TracingOutcome;
  isStarted = false;

  constructor(data: Data) {
    this.context = data as Data & TracingOutcome; // The outcome is added to it.
  }
}

/** One tracing channel. */
class Tracing<Data extends object> {
  private readonly channel: TracingChannel;

  constructor(channel: TracingChannel) {
    this.channel = channel;
  }

  /** @returns what the rest needs; `undefined` if there is no subscriber. */
  begin(data: Data): Traced<Data> | undefined {
    const { start, end, asyncStart, asyncEnd, error } = this.channel;
    const isHeard = [start, end, asyncStart, asyncEnd, error].some(({ hasSubscribers }) => hasSubscribers);
    return isHeard ? new Traced(data) : undefined;
  }

  /** Begins and starts. */
  start(data: Data): Traced<Data> | undefined {
    const traced = this.begin(data);
    if (traced !== undefined) this.run(traced, () => undefined);
    return traced;
  }

  /** Starts, and does the work within the stores that are bound to the start. */
  run<Result>(slot: unknown, work: () => Result): Result {
    if (!(slot instanceof Traced) || slot.isStarted) return work();
    slot.isStarted = true;
    try {
      return this.channel.start.runStores(slot.context, work);
    } finally {
      this.channel.end.publish(slot.context);
    }
  }

  /** It has its outcome. */
  finish(slot: unknown, error: unknown, result: unknown): void {
    if (!(slot instanceof Traced)) return;
    const { context } = slot;
    if (error === undefined) {
      context.result = result;
    } else {
      context.error = error;
      this.channel.error.publish(context);
    }
    this.channel.asyncStart.publish(context);
    this.channel.asyncEnd.publish(context);
  }
}
