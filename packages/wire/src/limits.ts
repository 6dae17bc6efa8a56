/**
 * The limits of the codec and their defaults, each under one name.
 *
 * Must not: hold a limit that belongs to a connection (buffers, timeouts, channels).
 */

/** Least `frame_max` in bytes, and the limit for body frames before tune. AMQP 0-9-1 §4.9 says 4096; RabbitMQ 4.1 raised it to 8192. */
export const frameMinBytes = 8192;

/** Octets of a frame that are not payload: 7 of header and 1 end octet. AMQP 0-9-1 §4.2.3. */
export const frameOverheadBytes = 8;

/**
 * Default limit in bytes for inbound method and header frames, the whole frame counted: 16 MiB.
 * It is apart from `frame_max`, because RabbitMQ may send header frames larger than the tuned `frame_max`.
 */
export const defaultMaxControlFrameBytes = 16_777_216;

/** Default limit for tables and arrays nested in one another, both ways; the outermost table is level 1. */
export const defaultMaxTableDepth = 64;

/** What `maxTableDepth` may be raised to: nested tables are read by recursion, and a stack ends somewhere. */
export const highestMaxTableDepth = 512;

/**
 * Most fields and array elements one table may have, those of nested tables counted, both ways: 65 536.
 * An empty table takes five octets on the wire and a hundred in memory, so the frame size alone is no bound.
 */
export const defaultMaxTableFields = 65_536;

/** Most bytes of UTF-8 in a short string. AMQP 0-9-1 §4.2.5.3. */
export const maxShortStringBytes = 255;

/** Size in bytes of the chunks a `ByteWriter` writes into, unless told otherwise. */
export const defaultChunkBytes = 65_536;

/** Bodies, or pieces of a body, up to this many bytes are copied between the frames; longer ones go out by reference. */
export const defaultCopyUpToBytes = 16_384;
