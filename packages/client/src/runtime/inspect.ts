/**
 * Prints objects by their public properties only. Must not know which objects.
 */

/** What Node, Deno and Bun pass along to print parts with. */
type Inspect = (value: unknown, options?: object) => string;

/** The name under which they look for an object's own way to be printed. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/** Has the objects of a class printed as its name and their face. */
export function printAs<Shown extends object>(
  type: { readonly prototype: Shown },
  name: string,
  face: (shown: Shown) => object,
): void {
  Object.defineProperty(type.prototype, inspectCustom, {
    value(this: Shown, _depth: number, options: object, inspect?: Inspect): string {
      return `${name} ${inspect === undefined ? JSON.stringify(face(this)) : inspect(face(this), options)}`;
    },
  });
}
