/** Turns the standard's kebab-case names into those of the code. Must not know the table. */

/** `routing-key` becomes `routingKey`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** `declare-ok` becomes `DeclareOk`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** `AmqpSyntaxError` and `syntax-error` become `AMQP_SYNTAX_ERROR` and `SYNTAX_ERROR`. */
export function upperSnakeCase(name: string): string {
  return name
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replaceAll('-', '_')
    .toUpperCase();
}

/** A number as it appears in protocol dumps: `0x000a000a`. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
