/**
 * How what we hand out looks in a console: its public face, never what it hangs on. Pure.
 */

/** The name under which Node, Deno and Bun look for an object's own way to be printed. */
export const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** What those runtimes give along to print parts with. */
export type Inspect = (value: unknown, options?: object) => string;

/** An object as its name and face. */
export function shown(name: string, face: object, options: object, inspect: Inspect | undefined): string {
  return `${name} ${inspect === undefined ? JSON.stringify(face) : inspect(face, options)}`;
}
