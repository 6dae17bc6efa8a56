/** The methods of class exchange. AMQP 0-9-1 §1.6. Must not hold a rule of exchanges: those are the model's. */
import { bind, unbind } from '../../model/bind.ts';
import { declareExchange, deleteExchange, findNamedExchange } from '../../model/declare-exchange.ts';
import type { Handlers } from './handlers.ts';

export const exchangeMethods: Handlers = {
  'exchange.declare': (channel, method, args) => {
    const { broker, vhost } = channel.host;
    if (method.passive) findNamedExchange(vhost, method.exchange);
    else declareExchange(broker, vhost, channel.host, { ...method, arguments: args });
    if (!method.noWait) channel.send({ type: 'exchange.declare-ok' });
  },

  'exchange.delete': (channel, method) => {
    const { broker, vhost } = channel.host;
    deleteExchange(broker, vhost, channel.host, method);
    if (!method.noWait) channel.send({ type: 'exchange.delete-ok' });
  },

  'exchange.bind': (channel, method, args) => {
    const { broker, vhost } = channel.host;
    bind(broker, vhost, channel.host, { ...method, destinationKind: 'exchange', arguments: args });
    if (!method.noWait) channel.send({ type: 'exchange.bind-ok' });
  },

  'exchange.unbind': (channel, method, args) => {
    const { broker, vhost } = channel.host;
    unbind(broker, vhost, channel.host, { ...method, destinationKind: 'exchange', arguments: args });
    if (!method.noWait) channel.send({ type: 'exchange.unbind-ok' });
  },
};
