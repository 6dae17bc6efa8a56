import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { refusedPort } from '../src/refused-port.ts';

it('is a port that refuses, again and again', async () => {
  const port = await refusedPort();
  expect(await refusedPort()).toBe(port);
  for (let attempt = 0; attempt < 3; attempt++) {
    const code = await new Promise<string | undefined>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => reject(new Error('somebody answered')));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(code).toBe('ECONNREFUSED');
  }
});
