/** The options of `openTelemetry`, and their check. */
import type { MeterProvider, TextMapPropagator, TracerProvider } from '@opentelemetry/api';
import { UsageError } from '@puka/client';

/** How spans and metrics are made. */
export interface OpenTelemetryOptions {
  /** Makes the tracer. Default: that of the API, which is the one that your SDK registers. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Makes the meter. Default: the provider of the API, which is looked up each time a client connects. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Writes contexts into headers and reads them. Default: that of the API, for the W3C's `traceparent` if an SDK is registered. */
  readonly propagator?: TextMapPropagator | undefined;
  /**
   * The parent of the span for the work on one message. `'producer'`: the publish, so that publisher and consumer are one
   * trace; an active span is the parent all the same where you call `client.process` within it. `'none'`: the span begins a
   * trace of its own. In both it links to the publish. Default `'producer'`.
   */
  readonly parent?: 'producer' | 'none' | undefined;
  /** Whether each ack, nack and reject has a span. The conventions ask for it. Default `true`. */
  readonly settleSpans?: boolean | undefined;
}

const names: ReadonlySet<string> = new Set<keyof OpenTelemetryOptions>([
  ...(['tracerProvider', 'meterProvider', 'propagator', 'parent', 'settleSpans'] as const),
]);

/** @throws {UsageError} for an unknown option, and one out of its range. */
export function checkOptions(options: OpenTelemetryOptions): void {
  for (const name of Object.keys(options)) {
    if (!names.has(name))
      throw new UsageError(`openTelemetry has no option ${name}; it takes ${[...names].join(', ')}`);
  }
  const { parent, settleSpans } = options;
  if (parent !== undefined && parent !== 'producer' && parent !== 'none') {
    throw new UsageError(`parent is ${String(parent)}; it takes 'producer' or 'none'`);
  }
  if (settleSpans !== undefined && typeof settleSpans !== 'boolean') {
    throw new UsageError(`settleSpans is ${typeof settleSpans}; it takes true or false`);
  }
}
