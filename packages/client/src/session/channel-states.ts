/**
 * The state machine of a channel, as a table. What is not in the table is a protocol error.
 * Must not act: `session-channel.ts` does what a transition asks for.
 */

/** The state of a channel. `crossed`: both sides sent `channel.close`; ours still awaits its close-ok. AMQP 0-9-1 §2.1.2. */
export type ChannelState = 'opening' | 'open' | 'closing' | 'crossed' | 'closed';

/** What moves a channel on. `reply` is any other method that answers, `content` any method that carries a body. */
export type ChannelInput =
  | 'channel.open-ok'
  | 'channel.close'
  | 'channel.close-ok'
  | 'channel.flow'
  | 'reply'
  | 'content'
  | 'close'
  | 'lost';

type Transitions = Readonly<Record<ChannelState, Readonly<Partial<Record<ChannelInput, ChannelState>>>>>;

/** State, input, next state. */
export const channelTransitions: Transitions = {
  opening: { 'channel.open-ok': 'open', 'channel.close': 'closed', close: 'closing', lost: 'closed' },
  open: {
    'channel.close': 'closed',
    'channel.flow': 'open',
    reply: 'open',
    content: 'open',
    close: 'closing',
    lost: 'closed',
  },
  // RabbitMQ: what was under way when we sent the close still comes, confirms among it.
  closing: {
    'channel.open-ok': 'closing',
    'channel.close': 'crossed',
    'channel.close-ok': 'closed',
    'channel.flow': 'closing',
    reply: 'closing',
    content: 'closing',
    close: 'closing',
    lost: 'closed',
  },
  crossed: { 'channel.close-ok': 'closed', close: 'crossed', lost: 'closed' },
  closed: { close: 'closed', lost: 'closed' },
};

/** @returns the state that follows, or `undefined` if the input is not allowed in this state. */
export function nextChannelState(state: ChannelState, input: ChannelInput): ChannelState | undefined {
  return channelTransitions[state][input];
}
