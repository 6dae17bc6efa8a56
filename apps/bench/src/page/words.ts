/** What modes and tables are called on the page. */
import type { Mode } from '../job.ts';
import type { Table } from '../results.ts';
import { numberText, sizeText } from './text.ts';

export const modeTitles: Readonly<Record<Mode, string>> = {
  publish: 'Confirmed publish',
  'publish-ignored': 'Publish without looking at the outcome',
  'consume-ack': 'Consume with acks',
  'consume-no-ack': 'Consume without acks',
  'request-reply': 'Request and reply',
  'declare-delete': 'Declare and delete a queue',
  'many-consumers': 'Consumers on one connection',
  'idle-client': 'Idle client',
  'idle-consumer': 'Idle consumer',
  'held-message': 'Held message',
  'open-publish': 'Open publish',
  'waiting-declare': 'Waiting declare',
  start: 'Start',
};

export const modeTexts: Readonly<Record<Mode, string>> = {
  publish:
    'Each message is confirmed by the broker. At most 1000 are unconfirmed at a time, 256 of 256 KiB, 10 of 1 MiB.',
  'publish-ignored':
    'The outcome is ignored, but back-pressure is respected. This client still waits for confirms, the others do not.',
  'consume-ack':
    "From a full queue, each message acked by itself, prefetch 500. `puka (lent)` is this client with `bodies: 'lent'`.",
  'consume-no-ack': "From a full queue, without acks. `puka (lent)` is this client with `bodies: 'lent'`.",
  'request-reply':
    'One request at a time by two plain queues, both ends in one process over one connection. Only `puka` has both confirmed; `puka (no confirms)` is this client with `pubacks: false`, where a second message, which the broker returns, takes the place of the confirm. Either comes in a packet of its own, and for two packets the kernel sends an acknowledgement of its own: most of what this client takes more than the best other one is the kernel’s.',
  'declare-delete':
    'A thousand exclusive queues are declared at once, then deleted at once; the figures are of one of them.',
  'many-consumers':
    'Each consumer has a queue of its own. All subscribe first, then messages of 16 B come to all queues in turn.',
  'idle-client': 'One of a thousand connected clients that wait for something to do.',
  'idle-consumer': 'One of two thousand consumers on one connection, of an empty queue.',
  'held-message': 'One of thirty thousand messages of 16 B that a consumer has and has not settled.',
  'open-publish': 'One of ten thousand publishes of 16 B that wait for their confirms.',
  'waiting-declare': 'One of ten thousand declares of queues that wait for their answers.',
  start: 'A program that connects, publishes one message and has it confirmed. Time from the start of the process.',
};

/** What distinguishes a table from the others of its topic. */
export function pointText({ topic, mode, size, window, consumers }: Table): string {
  if (topic === 'window') return `window ${numberText(window)}`;
  if (topic === 'consumers') return consumers === 1 ? '1 consumer' : `${numberText(consumers)} consumers`;
  return mode === 'declare-delete' || topic === 'start' || topic === 'memory' ? '' : sizeText(size);
}
