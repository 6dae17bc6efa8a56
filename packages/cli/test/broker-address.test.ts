import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@puka/client';
import { expect, test } from 'vitest';
import { brokerAddress } from '../src/broker-address.ts';

test('is what the client would connect to', async () => {
  expect(await brokerAddress('amqp://user:secret@[::1]:1234/shop')).toEqual({ host: '::1', port: 1234 });
  expect(await brokerAddress('amqp:///')).toEqual({ host: 'localhost', port: 5672 });
});

test('has the certificates that the URL names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'puka-address-'));
  const path = join(folder, 'ca.pem');
  writeFileSync(path, 'PEM');
  const { port, tls } = await brokerAddress(`amqps://rabbit?cacertfile=${encodeURIComponent(path)}`);
  expect(port).toBe(5671);
  expect(Buffer.from(tls?.ca as Uint8Array).toString()).toBe('PEM');
  rmSync(folder, { recursive: true });
});

test('rejects what the client refuses', async () => {
  await expect(brokerAddress('amqps://rabbit?cacertfile=%2Fnone.pem')).rejects.toBeInstanceOf(UsageError);
  await expect(brokerAddress('rabbit')).rejects.toBeInstanceOf(UsageError);
});
