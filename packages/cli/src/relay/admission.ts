/** Decides whether a request may become a WebSocket. It must not touch a socket. */
import type { RelayEnd } from './counts.ts';

/** What of a request counts. */
export interface RelayRequest {
  /** Path and query. */
  readonly target: string;
  /** The `Origin` header: browsers send it, and a page cannot change it. */
  readonly origin: string | undefined;
  /** Open WebSockets, of all addresses and of that of the request. */
  readonly open: number;
  readonly openOfAddress: number;
}

/** Who may connect. */
export interface AdmissionRules {
  readonly path: string;
  /** Origins such as `https://app.example.com`; `*` for all. */
  readonly origins: readonly string[];
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** The answer to a request that is refused. */
export interface Refusal {
  readonly why: RelayEnd;
  readonly status: 400 | 403 | 404 | 503;
  /** For the client's developer. */
  readonly text: string;
}

/** @returns `undefined` if the request is allowed. */
export function refusalOf(request: RelayRequest, rules: AdmissionRules): Refusal | undefined {
  const [path = ''] = request.target.split('?');
  if (path !== rules.path) return { why: 'badPath', status: 404, text: `the relay is at ${rules.path}` };
  if (request.origin !== undefined && !isAllowed(request.origin, rules.origins)) {
    return { why: 'badOrigin', status: 403, text: 'this origin is not on the list of the relay (--origin)' };
  }
  if (request.open >= rules.maxConnections || request.openOfAddress >= rules.maxConnectionsPerAddress) {
    return { why: 'tooManyConnections', status: 503, text: 'the relay has too many connections' };
  }
  return undefined;
}

function isAllowed(origin: string, origins: readonly string[]): boolean {
  return origins.includes('*') || origins.includes(origin);
}
