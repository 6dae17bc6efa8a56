/** How the help of a command shows an option. Must not know a command. */
import type { Option } from 'commander';

/** The meaning, and the default if there is one: commander would show `"5672"`, `[]` and `""`. */
export function optionText({ description, defaultValue }: Option): string {
  // Of an empty list too.
  const text = defaultValue === undefined ? '' : String(defaultValue);
  return text === '' ? description : `${description} (default: ${text})`;
}
