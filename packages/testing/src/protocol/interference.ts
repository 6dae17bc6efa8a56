/**
 * The points at which faults act on the protocol: the broker asks at each, and the answer is what happens. Types, and the
 * answers without faults. Must not do anything itself.
 */
import type { AmqpError } from '@puka/errors';
import type { Method } from '@puka/wire';
import type { Message } from '../model/message.ts';
import type { Queue } from '../model/queues/queue.ts';

/** What becomes of a publish. */
export type PublishFate = 'pass' | 'nack' | 'return';

/** What becomes of a confirm: it is sent, never sent, or sent later by the holder of `send`. */
export type ConfirmFate = 'send' | 'lose' | 'hold';

/** What becomes of an ack, nack or reject: taken, lost on its way, or lost with the connection. */
export type SettlementFate = 'take' | 'lose' | 'drop-connection';

/**
 * What becomes of a new consumer: it starts; the broker cancels it after or before its consume-ok; or it gets its
 * consume-ok and waits for its queue.
 */
export type ConsumeFate = 'start' | 'cancel-behind-ok' | 'cancel-ahead-of-ok' | 'wait';

/** A consumer that waits for its queue: one of these is called in the end. */
export interface WaitingConsumer {
  /** The queue has agreed. */
  begin(): void;
  /** The queue has not: the connection is closed. */
  fail(error: AmqpError): void;
}

/** Called by the protocol at each point where a fault may act. */
export interface Interference {
  /** Whether this login is refused whatever the password. */
  refusesLogin(username: string): boolean;
  /** Whether connections to a vhost are refused, because it is down. */
  isVhostDown(vhost: string): boolean;
  /** With what a method is refused instead of being done. */
  refusalOf(method: Method): AmqpError | undefined;
  /** How much later the answer to a method is sent, in milliseconds; 0 for at once. */
  replyDelayMs(method: Method): number;
  /** What happens to a consumer that has passed all checks. @param consumer is kept if the answer is `wait`. */
  fateOfConsume(queue: Queue, consumer: WaitingConsumer): ConsumeFate;
  /** What happens to a message instead of being routed. */
  fateOfPublish(message: Message): PublishFate;
  /** What happens to the outcome of a publish. @param send sends it; call it later if the result is `hold`. */
  fateOfConfirm(send: () => void): ConfirmFate;
  /** What happens to a client's ack, nack or reject. */
  fateOfSettlement(): SettlementFate;
  /** Whether the connection ends in the middle of the confirms that are sent now. */
  breaksConfirm(): boolean;
  /** Confirms are sent one by one, the last first. */
  readonly isReordering: boolean;
  /** When `handleTimeout()` is due; `Infinity` for never. */
  readonly deadlineMs: number;
  handleTimeout(nowMs: number): void;
}

/** Nothing is interfered with. */
export const noInterference: Interference = {
  refusesLogin: () => false,
  isVhostDown: () => false,
  refusalOf: () => undefined,
  replyDelayMs: () => 0,
  fateOfConsume: () => 'start',
  fateOfPublish: () => 'pass',
  fateOfConfirm: () => 'send',
  fateOfSettlement: () => 'take',
  breaksConfirm: () => false,
  isReordering: false,
  deadlineMs: Number.POSITIVE_INFINITY,
  handleTimeout: () => {},
};
