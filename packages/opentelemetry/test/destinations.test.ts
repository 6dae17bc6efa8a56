import { describe, expect, it } from 'vitest';
import {
  deliveryDestination,
  destinationAttributes,
  publishDestination,
  queueDestination,
} from '../src/destinations.ts';

describe('destinations', () => {
  it.each([
    ['logs', 'warning', 'logs:warning', 'logs'],
    ['logs', '', 'logs', 'logs'],
    ['', 'jobs', 'jobs', 'jobs'],
    ['', 'amq.gen-x', 'amq.gen-x', undefined],
    ['', '', 'amq.default', 'amq.default'],
  ])("of a publish to '%s' by '%s' is %s, with few names %s", (exchange, routingKey, name, label) => {
    expect(publishDestination(exchange, routingKey)).toEqual({ name, label });
  });

  it.each([
    ['logs', 'warning', 'mails', 'logs:warning:mails', 'mails'],
    ['', 'jobs', 'jobs', 'jobs', 'jobs'],
    ['logs', 'jobs', 'jobs', 'logs:jobs', 'jobs'],
    ['logs', '', 'amq.gen-x', 'logs:amq.gen-x', undefined],
  ])("of a delivery of '%s' by '%s' from %s is %s, with few names %s", (exchange, routingKey, queue, name, label) => {
    expect(deliveryDestination(exchange, routingKey, queue)).toEqual({ name, label });
  });

  it('of a queue that the broker has named are anonymous and temporary', () => {
    expect(destinationAttributes(queueDestination('jobs'))).toEqual({ 'messaging.destination.name': 'jobs' });
    expect(destinationAttributes(queueDestination('amq.gen-x'))).toEqual({
      'messaging.destination.name': 'amq.gen-x',
      'messaging.destination.anonymous': true,
      'messaging.destination.temporary': true,
    });
  });
});
