import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from 'vitest';
import { attribute, metric, ownMetric } from '../src/conventions.ts';

const exported: Readonly<Record<string, unknown>> = { ...conventions };

/** As the package of the conventions calls a name: `ATTR_MESSAGING_OPERATION_NAME`. */
function constantOf(kind: 'ATTR' | 'METRIC', name: string): string {
  return `${kind}_${name.toUpperCase().replace(/[.]/g, '_')}`;
}

describe('the names of the conventions', () => {
  it.each(Object.values(attribute))('%s is an attribute', (name) => {
    expect(exported[constantOf('ATTR', name)]).toBe(name);
  });

  it.each(Object.values(metric))('%s is a metric', (name) => {
    expect(exported[constantOf('METRIC', name)]).toBe(name);
  });

  it.each(Object.values(ownMetric))('%s is none of theirs', (name) => {
    expect(Object.values(exported)).not.toContain(name);
  });

  it('are those of operation types, and of RabbitMQ as a system', () => {
    expect(conventions.MESSAGING_SYSTEM_NAME_VALUE_RABBITMQ).toBe('rabbitmq');
    const types = ['SEND', 'RECEIVE', 'PROCESS', 'SETTLE'].map(
      (type) => exported[`MESSAGING_OPERATION_TYPE_VALUE_${type}`],
    );
    expect(types).toEqual(['send', 'receive', 'process', 'settle']);
  });
});
