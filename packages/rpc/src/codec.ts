/** Values as bytes and back. Must not know what a call is. */

declare class TextDecoder {
  constructor(label: string, options: { readonly fatal: boolean });
  decode(bytes: Uint8Array): string;
}

/** Keeps nothing between two decodes. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Turns arguments and results into bodies. Both ends of a call need the same one. */
export interface Codec {
  /** The `contentType` of the messages. */
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
  decode: (body) => (body.length === 0 ? undefined : (JSON.parse(utf8.decode(body)) as unknown)),
};
