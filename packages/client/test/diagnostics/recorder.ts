/** A listener that records all its calls, in one line a call. Holds no test. */
import type { Diagnostics, ProcessData } from '../../src/diagnostics/diagnostics.ts';

const codeOf = (error: unknown): string => {
  if (error === undefined) return 'ok';
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
};
const bodies = ({ messages }: ProcessData): string => messages.map((message) => message.text()).join(' ');

/** @returns the listener, and its lines. Slots are numbers: the end of a thing names the number that its start returned. */
export function recorder() {
  const lines: string[] = [];
  let last = 0;
  const starts = (line: string): number => {
    last++;
    lines.push(`${last} ${line}`);
    return last;
  };
  const listener: Diagnostics = {
    connectStarted: ({ host, port, virtualHost, isRecovery }) =>
      starts(`connect ${host}:${port}${virtualHost}${isRecovery ? ' again' : ''}`),
    connectEnded: (slot, _connect, error) => void lines.push(`${slot} connect ${codeOf(error)}`),
    disconnected: ({ error, isRecovering }) => void lines.push(`disconnected ${codeOf(error)} ${isRecovering}`),
    recoveryPlanned: ({ attempt }) => void lines.push(`attempt ${attempt.attempt} planned`),
    recovered: ({ report }) => void lines.push(`recovered by ${report.attempts}`),
    blocked: ({ reason }) => void lines.push(`blocked ${reason}`),
    unblocked: () => void lines.push('unblocked'),
    channelOpened: ({ channel }) => void lines.push(`channel ${channel} opened`),
    channelClosed: ({ channel, error }) => void lines.push(`channel ${channel} closed ${codeOf(error)}`),
    requestStarted: ({ method, queues }) => starts([method, ...queues].join(' ')),
    requestEnded: (slot, { method }, error) => void lines.push(`${slot} ${method} ${codeOf(error)}`),
    publishStarted: ({ exchange, routingKey, bodyBytes }) =>
      starts(`publish '${exchange}' '${routingKey}' ${bodyBytes}`),
    publishEnded: (slot, _publish, error) => void lines.push(`${slot} publish ${codeOf(error)}`),
    delivered: ({ message, by }) => starts(`delivered ${message.text()} to ${by}`),
    settled: (slot, _delivery, { method, requeue, isSent }) =>
      void lines.push(`${slot} ${method}${requeue ? ' requeue' : ''} ${isSent}`),
    processStarted: (process) => starts(`process ${bodies(process)} by ${process.by}`),
    processEnded: (slot, _process, error) => void lines.push(`${slot} process ${codeOf(error)}`),
  };
  /** The lines since the last call. */
  const taken = (): string[] => lines.splice(0);
  return { listener, taken };
}
