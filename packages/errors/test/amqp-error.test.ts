import { describe, expect, it } from 'vitest';
import { AmqpError, NotFound } from '../src/index.ts';

describe('AmqpError', () => {
  it('stands for a code in no list, which closes the connection', () => {
    const error = new AmqpError('OUT_OF_CHEESE (599)', { replyCode: 599, replyText: 'OUT_OF_CHEESE' });

    expect(error).toMatchObject({ name: 'AmqpError', code: 'AMQP_ERROR', replyCode: 599, scope: 'connection' });
  });

  it('is the class of every error with a code in the list', () => {
    expect(new NotFound('no queue')).toBeInstanceOf(AmqpError);
    expect(new AmqpError('other')).not.toBeInstanceOf(NotFound);
  });
});
