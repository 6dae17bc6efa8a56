/** Values as bytes and back. Must not know what a call is. */

declare class TextDecoder {
  constructor(label: string, options: { readonly fatal: boolean });
  decode(bytes: Uint8Array): string;
}

/** Turns arguments and results into bodies. Both ends of a call need the same one. */
export interface Codec {
  /** What stands in `contentType`. */
  readonly contentType: string;
  /** @returns the body; `undefined` has to come back as `undefined`. Throws for what cannot be encoded. */
  encode(value: unknown): Uint8Array | string;
  /**
   * Reads a body. Throws for what cannot be decoded.
   *
   * @param body yours to keep.
   */
  decode(body: Uint8Array): unknown;
}

/** JSON as UTF-8; `undefined` is an empty body. The default. */
export const jsonCodec: Codec = {
  contentType: 'application/json',
  encode: (value) => JSON.stringify(value) ?? '',
  decode: (body) =>
    body.length === 0 ? undefined : (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown),
};
