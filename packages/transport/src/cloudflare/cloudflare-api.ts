/**
 * The part of `cloudflare:sockets` that the adapter uses, written out so that no program needs Cloudflare's types for it.
 * Elsewhere its use is an error. It is no means to find out the runtime.
 */
import { UsageError } from '@puka/errors';

/** `Socket` of `cloudflare:sockets`. */
export interface CloudflareSocket {
  readonly readable: { getReader(options: { mode: 'byob' }): CloudflareReader };
  readonly writable: { getWriter(): CloudflareWriter };
  /** Resolves when connected, under TLS when the handshake is done; rejects when that fails. */
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
  close(): Promise<unknown>;
}

/** `ReadableStreamBYOBReader`. */
export interface CloudflareReader {
  /** Takes the view's buffer over; `value` is a view of the same memory in another buffer. */
  read(view: Uint8Array): Promise<{ readonly value?: Uint8Array | undefined; readonly done: boolean }>;
  cancel(reason: unknown): Promise<unknown>;
}

/** `WritableStreamDefaultWriter`. */
export interface CloudflareWriter {
  /** Resolves when the system has the bytes. */
  write(bytes: Uint8Array): Promise<unknown>;
  /** Ends the way out. */
  close(): Promise<unknown>;
}

/** The part of the module. */
export interface CloudflareSockets {
  /** @throws when it is called outside a handler. */
  connect(
    address: { readonly hostname: string; readonly port: number },
    options: { readonly secureTransport: 'on' | 'off'; readonly allowHalfOpen: boolean },
  ): CloudflareSocket;
}

/**
 * The module `cloudflare:sockets`.
 *
 * @throws (rejects) UsageError if there is none.
 */
export async function cloudflareSockets(): Promise<CloudflareSockets> {
  // Not a literal: compilers and bundlers that do not know the module would refuse it.
  const name: string = 'cloudflare:sockets';
  let sockets: unknown;
  try {
    sockets = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (error) {
    throw new UsageError(
      '@puka/transport/cloudflare needs Cloudflare Workers; this runtime has no cloudflare:sockets',
      {
        cause: error,
      },
    );
  }
  if (!isCloudflareSockets(sockets)) throw new UsageError('cloudflare:sockets of this runtime has no connect()');
  return sockets;
}

function isCloudflareSockets(value: unknown): value is CloudflareSockets {
  return typeof value === 'object' && value !== null && 'connect' in value && typeof value.connect === 'function';
}
