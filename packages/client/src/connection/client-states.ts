/**
 * The states of a client, as a table: what is not in the table is a fault of ours. A test walks states × inputs.
 * Must not act: the lifecycle does.
 */

/**
 * `idle`: no connection. `connecting`: the hosts are being tried. `connected`: operations can go out. `closing`: the
 * connection is on its way out, closed by the caller or given up while connecting.
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'closing';

/**
 * `connect`, `close`: the caller's calls. `giveUp`: the connect under way was given up, or the client cannot use the
 * connection. `opened`: the handshake is done. `hostFailed`: the next host is tried. `ended`: the connection is gone and no
 * other is tried.
 */
export type ClientInput = 'connect' | 'close' | 'giveUp' | 'opened' | 'hostFailed' | 'ended';

const table: Readonly<Record<ClientState, Readonly<Partial<Record<ClientInput, ClientState>>>>> = {
  idle: { connect: 'connecting', close: 'idle' },
  connecting: {
    connect: 'connecting',
    close: 'closing',
    giveUp: 'closing',
    opened: 'connected',
    hostFailed: 'connecting',
    ended: 'idle',
  },
  connected: { connect: 'connected', close: 'closing', ended: 'idle' },
  closing: { connect: 'closing', close: 'closing', ended: 'idle' },
};

/** @returns the state that follows; `undefined` where the input cannot come. */
export function nextClientState(state: ClientState, input: ClientInput): ClientState | undefined {
  return table[state][input];
}
