/** OpenTelemetry without a collector: spans and metrics stay in memory until they are asked for. Must not print. */
import { context, propagation, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Diagnostics } from '@puka/client';
import { openTelemetry } from '@puka/opentelemetry';

/** What was recorded, and who records it. */
export interface Telemetry {
  readonly listener: Diagnostics;
  readonly tracer: Tracer;
  spans(): readonly ReadableSpan[];
  metrics(): Promise<readonly MetricData[]>;
  stop(): Promise<void>;
}

/** Sets OpenTelemetry up for this process. */
export function startTelemetry(): Telemetry {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // It exports when it is flushed, and not before.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    listener: openTelemetry({ tracerProvider, meterProvider }),
    tracer: tracerProvider.getTracer('shop'),
    spans: () => spanExporter.getFinishedSpans(),
    async metrics() {
      exporter.reset();
      await meterProvider.forceFlush();
      return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    },
    async stop() {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
      context.disable();
      propagation.disable();
    },
  };
}
