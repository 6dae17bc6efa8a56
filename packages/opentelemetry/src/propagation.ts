/** Carries contexts in the headers of messages, by the API's propagator or another. Must not start spans. */
import {
  type Baggage,
  type Context,
  diag,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import type { Message, PublishData } from '@puka/client';

const setter: TextMapSetter<PublishData> = {
  set: (publish, name, value) => publish.setHeader(name, value),
};

type Headers = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

const getter: TextMapGetter<Headers> = {
  keys: (headers) => (isMap(headers) ? [...headers.keys()] : Object.keys(headers)),
  get(headers, name) {
    const value: unknown = isMap(headers) ? headers.get(name) : Reflect.get(headers, name);
    return typeof value === 'string' ? value : undefined;
  },
};

/** Recognises a `Map` of any realm: a publish may have headers from a test runner's sandbox. */
function isMap(headers: Headers): headers is ReadonlyMap<string, unknown> {
  return Object.prototype.toString.call(headers) === '[object Map]';
}

/** The contexts of messages. If the propagator throws, only the context is lost; the error is logged to the API's `diag`. */
export class Propagation {
  private readonly propagator: Pick<TextMapPropagator, 'inject' | 'extract'>;

  /** @param propagator default: that of the API. */
  constructor(propagator: TextMapPropagator | undefined) {
    this.propagator = propagator ?? propagation;
  }

  /** Puts the context into the headers of a publish. */
  inject(context: Context, publish: PublishData): void {
    try {
      this.propagator.inject(context, publish, setter);
    } catch (error) {
      diag.error('@puka/opentelemetry: the propagator cannot write a context', error);
    }
  }

  /** The context in which a message was published; `undefined` if it has none, or headers that cannot be read. */
  ofMessage(message: Message): Context | undefined {
    let headers: Headers;
    try {
      headers = message.headers;
    } catch {
      // The publisher's mistake: code that reads the headers gets the error.
      return undefined;
    }
    return this.extracted(headers);
  }

  /** The context that the headers of a publish have already, as those of a copy of a message. */
  ofPublish({ options: { headers } }: PublishData): Context | undefined {
    if (headers === undefined || typeof headers !== 'object') return undefined;
    return this.extracted(headers as Headers); // In tagged headers nothing is found.
  }

  private extracted(headers: Headers): Context | undefined {
    try {
      const context = this.propagator.extract(ROOT_CONTEXT, headers, getter);
      return trace.getSpanContext(context) === undefined ? undefined : context;
    } catch (error) {
      diag.error('@puka/opentelemetry: the propagator cannot read a context', error);
      return undefined;
    }
  }
}

/** The baggage that a publisher has sent together with its span. */
export function baggageOf(context: Context | undefined): Baggage | undefined {
  return context === undefined ? undefined : propagation.getBaggage(context);
}

/** The span context of a context, for a link. */
export function linkTo(context: Context | undefined): readonly { readonly context: SpanContext }[] {
  const spanContext = context === undefined ? undefined : trace.getSpanContext(context);
  return spanContext === undefined ? [] : [{ context: spanContext }];
}
