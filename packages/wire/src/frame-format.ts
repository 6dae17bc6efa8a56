/**
 * The constants of the frame format. AMQP 0-9-1 §4.2.3.
 *
 * Must not: hold anything that is not fixed by the standard.
 */

/** The frame types. Heartbeat is 8, as in the grammar, not 4 as in the running text (errata §12). */
export const FrameType = {
  /** A method: a request, an answer, or the beginning of a message. */
  method: 1,
  /** The content header of a message: the size of its body, and its properties. */
  header: 2,
  /** A part of the body of a message. */
  body: 3,
  /** A sign of life, on channel 0. */
  heartbeat: 8,
} as const;

/** The octet at the end of every frame. */
export const frameEndOctet = 0xce;

/** Octets before the payload: type 1, channel 2, size 4. */
export const frameHeaderBytes = 7;
