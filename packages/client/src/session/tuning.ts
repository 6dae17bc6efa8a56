/** What client and broker agree on in `connection.tune`. Pure. */
import { AmqpSyntaxError } from '@puka/errors';

/**
 * What every peer has to take. AMQP 0-9-1 §1.1, frame-min-size. RabbitMQ before 4.1 may be configured down to it, later
 * ones to 8192.
 */
const frameMinSize = 4096;

/** The smaller of two limits, where 0 is no limit. */
export function tunedLimit(own: number, offered: number): number {
  return own === 0 || offered === 0 ? Math.max(own, offered) : Math.min(own, offered);
}

/** What to answer a `connection.tune` with. */
export interface Tuned {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeat: number;
}

/**
 * RabbitMQ refuses a 0 if it offered a limit, so it is never sent then. The heartbeat is the client's to choose, and
 * RabbitMQ takes the value as it is: ours of 0 turns it off, and the broker's of 0 leaves it to us.
 *
 * @throws {AmqpSyntaxError} for an offer that the standard forbids: frames too small to go on with.
 */
export function tune(own: Tuned, offered: Tuned): Tuned {
  if (offered.frameMax !== 0 && offered.frameMax < frameMinSize) {
    throw new AmqpSyntaxError(
      `the broker offers frames of ${offered.frameMax} bytes; ${frameMinSize} is the least that AMQP 0-9-1 allows`,
      { blame: 'peer', method: 'connection.tune' },
    );
  }
  return {
    channelMax: tunedLimit(own.channelMax, offered.channelMax),
    frameMax: tunedLimit(own.frameMax, offered.frameMax),
    heartbeat: own.heartbeat === 0 ? 0 : tunedLimit(own.heartbeat, offered.heartbeat),
  };
}
