/** OpenTelemetry in memory: what was exported, as text. Holds no test. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { type OpenTelemetryOptions, openTelemetry } from '@puka/opentelemetry';

const kinds = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

/** Registers a context manager and a propagator; undo it after the tests. */
export function register(): () => void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return () => {
    context.disable();
    propagation.disable();
  };
}

/** A listener whose spans and metrics stay in memory. */
export function telemetry(options: OpenTelemetryOptions = {}) {
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // It exports when it is flushed, and not before.
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = (): ReadableSpan[] => spanExporter.getFinishedSpans();

  /** The spans as a tree: `name KIND → links`, children below their parents in the order of their names. */
  function tree(): string[] {
    const all = spans();
    const nameOf = (id: string | undefined): string =>
      all.find((span) => span.spanContext().spanId === id)?.name ?? 'unknown';
    const isRoot = ({ parentSpanContext }: ReadableSpan): boolean =>
      all.every((other) => other.spanContext().spanId !== parentSpanContext?.spanId);
    const shown = (span: ReadableSpan, depth: number): string[] => {
      const links = span.links.map((link) => nameOf(link.context.spanId)).sort();
      const status = span.status.code === 2 ? ` ERROR ${span.attributes['error.type']}` : '';
      const line = `${'  '.repeat(depth)}${span.name} ${kinds[span.kind]}${links.length > 0 ? ` → ${links.join(', ')}` : ''}${status}`;
      const children = all.filter((other) => other.parentSpanContext?.spanId === span.spanContext().spanId);
      return [line, ...children.map((child) => shown(child, depth + 1).join('\n')).sort()];
    };
    return all
      .filter(isRoot)
      .map((span) => shown(span, 0).join('\n'))
      .sort()
      .flatMap((text) => text.split('\n'));
  }

  /** Each point of each metric: name, attributes and value; of a histogram its count. */
  async function points(): Promise<Map<string, readonly string[]>> {
    metricExporter.reset();
    await meterProvider.forceFlush();
    const metrics = metricExporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(
      metrics.map(({ descriptor, dataPoints }) => {
        const texts = dataPoints.map(({ attributes, value }) => {
          const shown = Object.entries(attributes).map(([name, given]) => `${name}=${String(given)}`);
          return `${shown.sort().join(' ')}: ${typeof value === 'object' ? value.count : value}`;
        });
        return [`${descriptor.name} ${descriptor.unit}`, texts.sort()] as const;
      }),
    );
  }

  const stop = async (): Promise<void> => {
    await tracerProvider.shutdown();
    await meterProvider.shutdown();
  };
  const tracer = tracerProvider.getTracer('test');
  return {
    listener: openTelemetry({ tracerProvider, meterProvider, ...options }),
    spans,
    tree,
    points,
    meterProvider,
    tracer,
    stop,
    trace,
  };
}
