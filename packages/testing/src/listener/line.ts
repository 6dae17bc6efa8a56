/** One line to a client, whatever carries it. Types only. */

/** What a broker does with a line. */
export interface Line {
  /** For people: the address of the other end. */
  readonly name: string;
  /** Bytes that have not gone out yet. */
  readonly bufferedBytes: number;
  /** Sends chunks in order; they are lent until they are sent. @returns `false` when better no more is written until `drained`. */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Sends what is buffered, then ends the connection. */
  end(): void;
  /** Breaks the connection at once, as a crash does. */
  reset(): void;
}

/** What a line reports to the broker. */
export interface LineSink {
  /** Bytes have come; they are given away. */
  received(bytes: Uint8Array): void;
  /** Everything buffered has gone out. */
  drained(): void;
  /** Nothing comes any more. */
  ended(): void;
}

/** Takes a new line. */
export type AcceptLine = (line: Line) => LineSink;
