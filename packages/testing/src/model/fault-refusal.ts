/** A refusal that no client has caused: a test asked for it, or for what leads to it. Must not decide when it is due. */
import { AmqpError } from '@puka/errors';

/** An error that is sent to a client and is no mistake of the client. */
export class FaultRefusal extends AmqpError {
  /** @param text what follows the name of the code. */
  constructor(replyCode: number, text: string) {
    super(text, { replyCode, blame: 'broker' });
  }
}
