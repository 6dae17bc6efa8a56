/**
 * Where the fields of a method lie that a client sends: what has to be known of its octets beyond the decoded fields. Must not
 * judge them.
 */
import { MethodId } from '@puka/wire';

/**
 * Each letter is a field: `w` two octets, `l` four octets, `s` a short string, `S` a long string, `t` a table, `b` one octet
 * of bits. AMQP 0-9-1 §4.2.1. RabbitMQ looks at no text of basic.publish.
 */
const layouts: ReadonlyMap<number, string> = new Map([
  [MethodId.connectionStartOk, 'tsSs'],
  [MethodId.connectionOpen, 'ss'],
  [MethodId.connectionOpenOk, 's'],
  [MethodId.connectionUpdateSecret, 'Ss'],
  [MethodId.connectionClose, 'ws'],
  [MethodId.channelOpen, 's'],
  [MethodId.channelClose, 'ws'],
  [MethodId.exchangeDeclare, 'wssbt'],
  [MethodId.exchangeDelete, 'ws'],
  [MethodId.exchangeBind, 'wsssbt'],
  [MethodId.exchangeUnbind, 'wsssbt'],
  [MethodId.queueDeclare, 'wsbt'],
  [MethodId.queueDeclareOk, 's'],
  [MethodId.queueBind, 'wsssbt'],
  [MethodId.queueUnbind, 'wssst'],
  [MethodId.queuePurge, 'ws'],
  [MethodId.queueDelete, 'ws'],
  [MethodId.basicConsume, 'wssbt'],
  [MethodId.basicConsumeOk, 's'],
  [MethodId.basicCancel, 's'],
  [MethodId.basicCancelOk, 's'],
  [MethodId.basicGet, 'ws'],
  [MethodId.basicGetEmpty, 's'],
]);

/** The fields of a method; `undefined` if nothing has to be known of them. */
export function methodLayout(methodId: number): string | undefined {
  return layouts.get(methodId);
}
