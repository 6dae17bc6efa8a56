/** The properties of a method beside its fields. Types only; the values are generated into `generated/method-info.ts`. */
import type { MethodType } from './generated/method.ts';

/** Who sends a method: the client, the broker (`server`), or either. */
export type MethodDirection = 'client' | 'server' | 'both';

/** The properties of a method beside its fields. */
export interface MethodInfo {
  /** The AMQP name, such as `queue.declare`. */
  readonly name: MethodType;
  /** The class id in the upper 16 bits, the method id in the lower. */
  readonly id: number;
  /** Who sends it. */
  readonly direction: MethodDirection;
  /** Whether a content header and a body follow it on its channel. */
  readonly hasContent: boolean;
  /** The ids of the methods that answer it; empty if none does. With `noWait` set, none is sent. */
  readonly replies: readonly number[];
  /** Whether a method answers it. */
  readonly synchronous: boolean;
}
