/** Draws spans as trees. Must not know what they are of. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

const widthOfNames = 44;
const widthOfBars = 24;

/** The spans of all traces, a line each, with bars for their times. */
export function drawTraces(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const roots = spans.filter(({ parentSpanContext }) => !ids.has(parentSpanContext?.spanId ?? ''));
  return roots.sort(byStart).flatMap((root) => {
    const { traceId } = root.spanContext();
    const scale = scaleOf(spans.filter((span) => span.spanContext().traceId === traceId));
    return [`trace ${traceId}`, ...drawSpan(root, spans, scale, '', '')];
  });
}

interface Scale {
  readonly startMs: number;
  readonly lengthMs: number;
}

function drawSpan(
  span: ReadableSpan,
  all: readonly ReadableSpan[],
  scale: Scale,
  branch: string,
  indent: string,
): string[] {
  const children = all.filter(({ parentSpanContext }) => parentSpanContext?.spanId === span.spanContext().spanId);
  const failure = span.status.code === SpanStatusCode.ERROR ? `  ✗ ${String(span.attributes['error.type'])}` : '';
  const links = span.links.length > 1 ? `  ${span.links.length} links` : '';
  const name = `${branch}${span.name}  ${SpanKind[span.kind].toLowerCase()}`;
  const line = `${name.padEnd(widthOfNames)} ${barOf(span, scale)} ${`${msOf(span.duration).toFixed(1)} ms`.padStart(9)}`;
  return [
    `${line}${links}${failure}`,
    ...children.sort(byStart).flatMap((child, index) => {
      const isLast = index === children.length - 1;
      return drawSpan(child, all, scale, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`);
    }),
  ];
}

function scaleOf(spans: readonly ReadableSpan[]): Scale {
  const startMs = Math.min(...spans.map(({ startTime }) => msOf(startTime)));
  const endMs = Math.max(...spans.map(({ endTime }) => msOf(endTime)));
  return { startMs, lengthMs: Math.max(endMs - startMs, 0.001) };
}

function barOf({ startTime, duration }: ReadableSpan, { startMs, lengthMs }: Scale): string {
  const at = Math.min(widthOfBars - 1, Math.floor(((msOf(startTime) - startMs) / lengthMs) * widthOfBars));
  const length = Math.max(1, Math.min(widthOfBars - at, Math.round((msOf(duration) / lengthMs) * widthOfBars)));
  return `${' '.repeat(at)}${'█'.repeat(length)}`.padEnd(widthOfBars);
}

function msOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

function byStart(one: ReadableSpan, other: ReadableSpan): number {
  return msOf(one.startTime) - msOf(other.startTime);
}
