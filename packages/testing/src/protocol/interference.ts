/**
 * Where a test may put its hand between client and broker: asked at each point, it answers what is to happen. Types, and the
 * one that leaves everything as it is. Must not do anything itself.
 */
import type { Message } from '../model/message.ts';

/** What is to become of a publish. */
export type PublishFate = 'pass' | 'nack' | 'return';

/** What is to become of a confirm: told, never told, or told later by whoever holds `tell`. */
export type ConfirmFate = 'tell' | 'lose' | 'hold';

/** What is to become of an ack, nack or reject: taken, lost on its way, or lost with the line. */
export type SettlementFate = 'take' | 'lose' | 'drop-line';

/** See the head of the file. */
export interface Interference {
  /** Whether this login is refused whatever the password. */
  refusesLogin(username: string): boolean;
  /** What happens to a message instead of being routed. */
  fateOfPublish(message: Message): PublishFate;
  /** What happens to the outcome of a publish. @param tell tells it; to be called later where the answer is `hold`. */
  fateOfConfirm(tell: () => void): ConfirmFate;
  /** What happens to what the client says of its deliveries. */
  fateOfSettlement(): SettlementFate;
  /** Whether the line ends in the middle of the confirms that are told now. */
  breaksConfirm(): boolean;
  /** Confirms are told one by one, the last first. */
  readonly isReordering: boolean;
  /** When `handleTimeout()` is due; `Infinity` for never. */
  readonly deadlineMs: number;
  handleTimeout(nowMs: number): void;
}

/** Nothing is interfered with. */
export const noInterference: Interference = {
  refusesLogin: () => false,
  fateOfPublish: () => 'pass',
  fateOfConfirm: () => 'tell',
  fateOfSettlement: () => 'take',
  breaksConfirm: () => false,
  isReordering: false,
  deadlineMs: Number.POSITIVE_INFINITY,
  handleTimeout: () => {},
};
