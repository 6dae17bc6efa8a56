/** Methods that are refused, and methods that are answered late: which ones, and how many more. Must not answer any itself. */
import { type AmqpError, replyCodes, UsageError } from '@puka/errors';
import { type Method, type MethodType, methodInfo } from '@puka/wire';
import { FaultRefusal } from '../model/fault-refusal.ts';

/**
 * Which methods of a type are meant: those that have all the fields given, such as `{ queue: 'jobs' }`, or those that a
 * function returns `true` for. Default: all.
 */
export type MethodMatch<T extends MethodType> =
  | Partial<Omit<Extract<Method, { readonly type: T }>, 'type'>>
  | ((method: Extract<Method, { readonly type: T }>) => boolean);

/** How methods are refused. */
export interface RefuseOptions<T extends MethodType> {
  /**
   * The reply code. 311, 312, 313, 403, 404, 405 and 406 close the channel, all others the connection. AMQP 0-9-1 §1.2.
   */
  readonly code: number;
  /** The text after the name of the code. Default `'refused by the test'`. */
  readonly text?: string;
  /** How many are refused; `Infinity` for all. Default 1. */
  readonly times?: number;
  /** Which ones. Default: all of the type. */
  readonly match?: MethodMatch<T>;
}

/** Which answers are sent late. */
export interface DelayOptions<T extends MethodType> {
  /** How many are delayed. Default `Infinity`. */
  readonly times?: number;
  /** Which ones. Default: all of the type. */
  readonly match?: MethodMatch<T>;
}

interface Plan<Value> {
  readonly type: MethodType;
  left: number;
  readonly fits: (method: Method) => boolean;
  readonly value: Value;
}

/** Plans for methods to come; of several that fit the one made first is taken. */
export class MethodFaults {
  private refusals: Plan<{ readonly code: number; readonly text: string }>[] = [];
  private delays: Plan<number>[] = [];

  /** @throws {UsageError} for a method that cannot be refused, or a code that is not an error. */
  refuse<T extends MethodType>(type: T, options: RefuseOptions<T>): void {
    const { code, text = 'refused by the test', times = 1, match } = options;
    if (!isRefusable(type)) throw new UsageError(`refuse(): '${type}' is not a method that a broker can refuse`);
    if (!replyCodes.some((entry) => entry.code === code)) {
      throw new UsageError(`refuse(): ${code} is not a reply code of an error`);
    }
    this.refusals.push({ type, left: times, fits: fitsOf(match), value: { code, text } });
  }

  /** @param milliseconds 0 ends the delay. @throws {UsageError} for a method that has no answer. */
  delay<T extends MethodType>(type: T, milliseconds: number, options: DelayOptions<T> = {}): void {
    if (!isAnswered(type)) throw new UsageError(`delayReplies(): '${type}' is not a method that a broker answers`);
    const { times = Number.POSITIVE_INFINITY, match } = options;
    if (milliseconds <= 0) this.delays = this.delays.filter((plan) => plan.type !== type);
    else this.delays.push({ type, left: times, fits: fitsOf(match), value: milliseconds });
  }

  /** The refusal of a method; it is counted. */
  refusalOf(method: Method): AmqpError | undefined {
    const planned = taken(this.refusals, method);
    return planned === undefined ? undefined : new FaultRefusal(planned.code, planned.text);
  }

  /** How late a method is answered, in milliseconds; it is counted. */
  delayOf(method: Method): number {
    return taken(this.delays, method) ?? 0;
  }

  clear(): void {
    this.refusals = [];
    this.delays = [];
  }
}

function taken<Value>(plans: readonly Plan<Value>[], method: Method): Value | undefined {
  if (plans.length === 0) return undefined;
  const plan = plans.find(({ type, left, fits }) => type === method.type && left > 0 && fits(method));
  if (plan === undefined) return undefined;
  plan.left--;
  return plan.value;
}

function fitsOf<T extends MethodType>(match: MethodMatch<T> | undefined): (method: Method) => boolean {
  if (match === undefined) return () => true;
  // The plan's type has been compared before.
  if (typeof match === 'function') return (method) => match(method as Extract<Method, { readonly type: T }>);
  const fields = Object.entries(match);
  return (method) => {
    const met = new Map<string, unknown>(Object.entries(method));
    return fields.every(([name, value]) => value === undefined || met.get(name) === value);
  };
}

/** What a client sends, on a channel or at the end of the handshake, but for the ways to end. */
function isRefusable(type: MethodType): boolean {
  if (type === 'connection.open') return true;
  const info = infoOf(type);
  if (info === undefined || info.direction === 'server' || type === 'channel.close') return false;
  return !type.startsWith('connection.') && !type.endsWith('-ok');
}

function isAnswered(type: MethodType): boolean {
  const info = infoOf(type);
  if (info === undefined || info.direction === 'server') return false;
  return info.synchronous || type === 'connection.start-ok';
}

function infoOf(type: MethodType): ReturnType<typeof methodInfo.get> {
  for (const info of methodInfo.values()) if (info.name === type) return info;
  return undefined;
}
