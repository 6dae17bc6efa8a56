/**
 * The table of the whole protocol: AMQP 0-9-1 with RabbitMQ's extensions, in our own words. Everything about methods
 * and reply codes in `src/generated/`, in `@puka/errors` and in `docs/errors.md` comes from here. Data only.
 *
 * Left out: the class `access` (30). It is obsolete, no broker of today asks for it; the tickets it issued are the
 * reserved fields of the other classes. The class `basic`'s properties are not methods; they are in `properties.ts`.
 * Frame types and the end octet belong to the frame format; they are in `frame-format.ts`.
 */
import { basic } from './classes/basic.ts';
import { channel } from './classes/channel.ts';
import { confirm } from './classes/confirm.ts';
import { connection } from './classes/connection.ts';
import { exchange } from './classes/exchange.ts';
import { queue } from './classes/queue.ts';
import { tx } from './classes/tx.ts';
import type { ClassDefinition } from './definition.ts';

export { domains } from './domains.ts';
export { hardReplyCodes, replyCodeDefinitions, replySuccess, softReplyCodes } from './reply-codes.ts';

/** Every class, by number. */
export const classes: readonly ClassDefinition[] = [connection, channel, exchange, queue, basic, confirm, tx];
