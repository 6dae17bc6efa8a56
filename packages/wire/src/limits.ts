/**
 * The limits of the codec and their defaults, each under one name.
 *
 * Must not: hold a limit that belongs to a connection (buffers, timeouts, channels).
 */

/** The least `frame_max` in bytes, and the limit for body frames before tune. AMQP 0-9-1 §4.9 has 4096; RabbitMQ 4.1 raised it to 8192. */
export const frameMinBytes = 8192;

/** Octets of a frame that are not payload: 7 of header and 1 end octet. AMQP 0-9-1 §4.2.3. */
export const frameOverheadBytes = 8;

/**
 * Default limit in bytes for inbound method and header frames, the whole frame counted: 16 MiB.
 * It is separate from `frame_max`, because RabbitMQ may send header frames larger than the tuned `frame_max`.
 */
export const defaultMaxControlFrameBytes = 16_777_216;

/** Default limit for nested tables and arrays, in both directions; the outermost table is level 1. */
export const defaultMaxTableDepth = 64;

/** The highest `maxTableDepth`: nested tables are read by recursion, and the stack is limited. */
export const highestMaxTableDepth = 512;

/**
 * The most fields and array elements of one table, those of nested tables included, in both directions: 65 536.
 * An empty table takes five octets on the wire and a hundred in memory, so the frame size alone does not bound the memory.
 */
export const defaultMaxTableFields = 65_536;

/** The most bytes of a short string. AMQP 0-9-1 §4.2.5.3. */
export const maxShortStringBytes = 255;

/** Size in bytes of the chunks a `ByteWriter` writes into by default. */
export const defaultChunkBytes = 65_536;

/** Bodies, or pieces of a body, up to this many bytes are copied between the frames; longer ones go out by reference. */
export const defaultCopyUpToBytes = 16_384;
