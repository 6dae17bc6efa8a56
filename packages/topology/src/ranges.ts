/** Checks of single values, thrown at the call. Must not know a single argument of RabbitMQ. */
import { UsageError } from '@puka/errors';

/** RabbitMQ's longest time to live, in milliseconds: ten years. */
export const longestMs = 315_360_000_000;
const longestName = 255;

/** @throws {UsageError} for what is no integer from `least` to `most`. */
export function checkInteger(
  name: string,
  value: number | undefined,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new UsageError(`${name} is ${shown(value)}; it takes integers ${range}`);
}

/** @throws {UsageError} for what is none of the texts. */
export function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new UsageError(`${name} is ${shown(value)}; it takes ${choices.map((choice) => `'${choice}'`).join(', ')}`);
}

/** @throws {UsageError} for what is neither `true` nor `false`. */
export function checkBoolean(name: string, value: boolean | undefined): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new UsageError(`${name} is ${shown(value)}; it takes true or false`);
}

/** @throws {UsageError} for what is no text of up to 255 bytes of UTF-8: AMQP 0-9-1 §4.2.5.3. */
export function checkShortText(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'string') throw new UsageError(`${name} is ${shown(value)}; it takes a text`);
  const size = utf8Size(value);
  if (size <= longestName) return;
  throw new UsageError(`${name} has ${size} bytes; it takes up to ${longestName} bytes of UTF-8`);
}

/** @throws {UsageError} as `checkShortText`, and for an empty text. */
export function checkName(name: string, value: unknown): void {
  checkShortText(name, value);
  if (value === '' || value === undefined) throw new UsageError(`${name} is empty; it takes a name`);
}

/** @throws {UsageError} for an unknown option. It would otherwise be ignored, and the call would do what the option should prevent. */
export function checkNames<Name extends string>(call: string, options: object, names: readonly Name[]): void {
  const known: readonly string[] = names;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${call} has no option ${shown(unknown)}; it takes ${names.join(', ')}`);
  }
}

/** A value as an error message shows it: short, and never a whole object. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function utf8Size(text: string): number {
  let size = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return size;
}
