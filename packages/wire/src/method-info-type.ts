/** What is known of a method beyond its fields. Types only; the facts are generated into `generated/method-info.ts`. */
import type { MethodType } from './generated/method.ts';

/** Who sends a method: the client, the broker (`server`), or either. */
export type MethodDirection = 'client' | 'server' | 'both';

/** What is known of a method beyond its fields. */
export interface MethodInfo {
  /** The AMQP name, such as `queue.declare`. */
  readonly name: MethodType;
  /** The class id in the upper 16 bits, the method id in the lower. */
  readonly id: number;
  /** Who sends it. */
  readonly direction: MethodDirection;
  /** Whether a content header and a body follow it on its channel. */
  readonly hasContent: boolean;
  /** The ids of the methods that answer it; empty where nothing does. With `noWait` nothing answers any of them. */
  readonly replies: readonly number[];
  /** Whether something answers it. */
  readonly synchronous: boolean;
}
