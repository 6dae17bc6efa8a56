/** The errors for messages that are over a limit. Must not decide where a message goes: it only describes it. */
import { LimitExceeded, peerText } from '@puka/errors';

/**
 * One message is over a limit.
 *
 * @param why names the limit.
 * @param noAck whether the broker has forgotten the message already.
 */
export function messageOverLimit(
  why: string,
  queue: string,
  noAck: boolean,
  method: 'basic.get' | 'basic.consume',
): LimitExceeded {
  const fate = noAck ? 'it is lost, because it came with noAck' : 'it goes back to its queue';
  return new LimitExceeded(`${why}; it came from queue '${peerText(queue)}', and ${fate}`, {
    method,
    outcome: noAck ? 'unknown' : 'refused',
  });
}

/**
 * A consumer holds too much that the program does not take.
 *
 * @param why names the limit.
 * @param unreadBytes what the messages cost that the program did not take.
 */
export function consumerOverLimit(why: string, queue: string, noAck: boolean, unreadBytes: number): LimitExceeded {
  const fate = noAck ? 'are lost, because they came with noAck' : 'go back to the queue';
  return new LimitExceeded(
    `${why}; the consumer of queue '${peerText(queue)}' holds most of it: its messages of ${unreadBytes} bytes ${fate}`,
    { method: 'basic.consume', outcome: noAck ? 'unknown' : 'refused' },
  );
}
