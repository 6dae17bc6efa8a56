// The TCP proxy that disturbs connections.

export { FaultProxy, type FaultProxyOptions, faultProxy, type RecordedBytes } from './fault-proxy.ts';
export type { Corruption, Direction, ProxyTimers, Where } from './faults.ts';
