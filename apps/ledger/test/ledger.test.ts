import { readFileSync } from 'node:fs';
import { startBroker } from '@puka/testing';
import { expect, it } from 'vitest';
import { startHastyLedger } from '../src/hasty-ledger.ts';
import { type Ledger, startLedger } from '../src/ledger.ts';

/** The test of docs/testing.md. */
async function booksPaymentOnce(startLedger: (url: string) => Promise<Ledger>): Promise<void> {
  await using broker = await startBroker();
  await using ledger = await startLedger(broker.url);
  broker.faults.dropInAck();
  broker.publish({ routingKey: 'payments', messageId: 'p-1', body: '100' });
  await broker.consumed('payments');
  expect(ledger.balance).toBe(100);
}

it('books a payment once, though the connection breaks before its ack', async () => {
  await booksPaymentOnce(startLedger);
});

it('finds by the same test what is wrong with the hasty ledger', async () => {
  await expect(booksPaymentOnce(startHastyLedger)).rejects.toThrow('expected 200 to be 100');
});

it.each([startLedger, startHastyLedger])('%o goes on where connections are dropped and refused', async (start) => {
  await using broker = await startBroker();
  await using ledger = await start(broker.url);
  broker.faults.refuseConnections(2);
  broker.faults.dropConnections();
  broker.publish({ routingKey: 'payments', messageId: 'p-1', body: '100' });
  await broker.consumed('payments');
  expect(ledger.balance).toBe(100);
});

it('is the test that docs/testing.md shows', () => {
  const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const lines = textOf('./ledger.test.ts').split('\n');
  const first = lines.findIndex((line) => line.startsWith('async function booksPaymentOnce')) + 1;
  // The page is for Node 20 too, which cannot parse `await using`.
  const five = lines.slice(first, first + 5).map((line) => line.trim().replace(/^await using/, 'const'));
  expect(five.at(-1)).toBe("await broker.consumed('payments');");
  expect(textOf('../../../docs/testing.md')).toContain(five.join('\n'));
});
