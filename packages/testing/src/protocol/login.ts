/** The answers of a client that logs in: PLAIN and AMQPLAIN. Must not look a user up. RabbitMQ: docs/access-control. */
import { ByteReader, decodeUtf8, readFieldTable } from '@puka/wire';

/** A user name and a password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The mechanisms on offer, in the format of `connection.start`. */
export const mechanisms = 'PLAIN AMQPLAIN';

/** @returns the login in an answer; `undefined` if it is malformed, or the mechanism is not on offer. */
export function readLogin(mechanism: string, response: Uint8Array): Login | undefined {
  if (mechanism === 'PLAIN') return readPlain(response);
  return mechanism === 'AMQPLAIN' ? readAmqplain(response) : undefined;
}

/** RFC 4616 without the identity before the first NUL, which RabbitMQ does not take. */
function readPlain(response: Uint8Array): Login | undefined {
  const [identity, username, password, ...rest] = decodeUtf8(response, 0, response.length).split('\0');
  if (identity !== '' || username === undefined || password === undefined || rest.length > 0) return undefined;
  return { username, password };
}

/** A field table without its length. */
function readAmqplain(response: Uint8Array): Login | undefined {
  const bytes = new Uint8Array(response.length + 4);
  new DataView(bytes.buffer).setUint32(0, response.length);
  bytes.set(response, 4);
  try {
    const { LOGIN: username, PASSWORD: password } = readFieldTable(new ByteReader(bytes));
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined;
  } catch {
    // The table is malformed: there is no login in it, which is all that is asked.
    return undefined;
  }
}
