import { expect, it } from 'vitest';
import { PublisherGate } from '../../../src/model/queues/publisher-gate.ts';

it('turns away those who are there when it shuts, until it opens', () => {
  const gate = new PublisherGate();
  const publisher = {};
  const before = gate.admits(publisher, false);
  gate.shut();
  const shut = gate.admits(publisher, false);
  gate.open();
  expect([before, shut, gate.admits(publisher, false)]).toEqual([true, false, true]);
});

it('lets newcomers in while the queue is not over its limit, though it is shut for others', () => {
  const gate = new PublisherGate();
  gate.shut();
  expect([gate.admits({}, false), gate.admits({}, true)]).toEqual([true, false]);
});
