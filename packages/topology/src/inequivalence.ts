/** Reads RabbitMQ's words about a declare that does not fit what is there. Must not ask a broker. */

/** One thing that differs. */
export interface Inequivalence {
  /** A flag or an argument, as a topology calls it. */
  readonly field: string;
  /** The value in the declare; `undefined` for none. */
  readonly received: unknown;
  /** What is there; `undefined` for nothing. */
  readonly current: unknown;
}

const pattern = /inequivalent arg '(.+?)' for (?:queue|exchange) .*: received (.+) but current is (.+)$/s;

/**
 * RabbitMQ: `inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received the value '2' of type 'signedint' but current
 * is none`. It has the first difference only.
 *
 * @returns `undefined` for other words.
 */
export function readInequivalence(text: string): Inequivalence | undefined {
  const [, field, received, current] = pattern.exec(text) ?? [];
  if (field === undefined || received === undefined || current === undefined) return undefined;
  return {
    field: field === 'auto_delete' ? 'autoDelete' : field,
    received: readValue(received),
    current: readValue(current),
  };
}

/** RabbitMQ names the type only if the types differ; a number without one is shown as a number. */
function readValue(words: string): unknown {
  if (words === 'none') return undefined;
  const typed = /^the value '(.*)' of type '(\w+)'$/s.exec(words);
  const text = typed?.[1] ?? /^'(.*)'$/s.exec(words)?.[1] ?? words;
  if (typed?.[2] === 'longstr') return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
