/**
 * Modules that a runtime may have built in. They are found by the process and not by an import: then a runtime without the module
 * still loads the file that asks. It must not know what they are for.
 */

/** @returns the module; `undefined` where the runtime does not have it, or cannot look it up. */
export function builtinModule(name: string): unknown {
  const { process }: { readonly process?: unknown } = globalThis as object;
  const getBuiltin = memberOf(process, 'getBuiltinModule');
  return typeof getBuiltin === 'function' ? getBuiltin.call(process, name) : undefined;
}

/** @returns what an object has by that name; `undefined` where it is no object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
