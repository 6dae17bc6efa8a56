/**
 * What the transport contract suite needs: a test runner, and a server to connect to. Types only.
 * It must not name a runtime, so that the same suite runs on all of them.
 */
import type { ConnectOptions, TlsOptions, TransportConnector } from '@puka/transport';
import type { TestCertificates } from './certificates.ts';

/** The part of a test runner that the suite needs; vitest, Bun's and Deno's own fit. */
export interface TestApi {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

/** How to run the suite against one connector. */
export interface ContractHarness {
  /** Names the block of tests. */
  readonly name: string;
  readonly connector: TransportConnector;
  /** Starts a server for one test. */
  startServer(): Promise<ContractServer>;
  /** An address on which nothing listens. */
  refusedAddress(): Promise<ContractAddress>;
  /** Whether `fd` and `socket` are there. */
  readonly hasSocket: boolean;
  /** Is in the message of a refused connection. Default `'ECONNREFUSED'`. */
  readonly refusalText?: string;
}

/** The address of a server. */
export type ContractAddress = Pick<ConnectOptions, 'host' | 'port' | 'tls'>;

/** A server that accepts any number of connections. */
export interface ContractServer {
  readonly address: ContractAddress;
  /** Resolves with the next connection that was accepted and not yet asked for. */
  nextPeer(): Promise<ContractPeer>;
  /** Resolves as soon as no accepted connection is open any more. */
  idle(): Promise<void>;
  /** Called for each connection before anything else happens on it. */
  onAccept: ((peer: ContractPeer) => void) | undefined;
  /** Breaks what is open, and resolves when the server is gone. */
  stop(): Promise<void>;
}

/** The server's end of a connection. It reads everything that arrives until it is paused. */
export interface ContractPeer {
  /** Copies nothing: the bytes must stay as they are. */
  write(bytes: Uint8Array): void;
  /** Bytes written and not sent yet. */
  readonly bufferedBytes: number;
  /** Takes the next bytes received; waits until there are as many. */
  receive(byteCount: number): Promise<Uint8Array>;
  /** Resolves when the other side sends no more; rejects when the connection breaks before. */
  ended(): Promise<void>;
  /** Resolves when the connection is over, one way or the other. */
  closed(): Promise<void>;
  pause(): void;
  resume(): void;
  end(): void;
  /** Breaks the connection so that the other side sees an error. */
  reset(): void;
  /** Goes over to TLS as the server, with the certificate of the harness; only where the server is a plain socket. */
  startTls?(): Promise<void>;
}

/** What a runtime's TLS may lack. */
export type TlsFeature = 'rejectUnauthorized' | 'passphrase' | 'minVersion' | 'serverName with cert' | 'startTls';

/** How a server for a TLS test differs from the usual one. */
export interface TlsServerOptions {
  /** Wants a client certificate of this authority. */
  readonly clientCa?: string;
  readonly alpn?: readonly string[];
  /** Presents a certificate that was good until yesterday. */
  readonly isExpired?: boolean;
  readonly maxVersion?: 'TLSv1.2';
}

/** Options for the TLS tests, if the harness has any. */
export interface TlsContractHarness extends ContractHarness {
  /** What the runtime cannot do, and the connector therefore has to refuse by UsageError. */
  readonly lacks: readonly TlsFeature[];
  /** A server that presents the certificate for `localhost` and 127.0.0.1. */
  startTlsServer(options?: TlsServerOptions): Promise<ContractServer>;
  /** A server without TLS, whose peers can start it. */
  startPlainServer(): Promise<ContractServer>;
  /** What trusts that certificate. */
  readonly trusted: TlsOptions;
  /** An authority that did not sign it. */
  readonly strangerCa: string;
  /** The key of another certificate than `client`'s. */
  readonly strangerKey: string;
  /** A client certificate and the authority that signed it. */
  readonly client: { readonly ca: string } & TestCertificates['client'];
}
