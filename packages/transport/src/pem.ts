/** Reads PEM options for runtimes that take text. It must not parse what is inside. */
import { UsageError } from '@puka/errors';
import type { Pem } from './contract.ts';

/**
 * The texts of an option, in order.
 *
 * @param name of the option, for the error.
 * @throws UsageError when one of them has no PEM block.
 */
export function pemTexts(name: 'ca' | 'cert' | 'key', value: Pem | readonly Pem[]): string[] {
  const values = typeof value === 'string' || value instanceof Uint8Array ? [value] : value;
  return values.map((one) => {
    const text = typeof one === 'string' ? one : new TextDecoder().decode(one);
    if (!/-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END /.test(text))
      throw new UsageError(`tls.${name} is no PEM text: it has no block between -----BEGIN and -----END`);
    return text;
  });
}
