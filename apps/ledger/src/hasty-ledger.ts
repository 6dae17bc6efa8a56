/** A ledger with a bug: it takes every delivery for a new payment. */
import { keepConsuming } from './keep-consuming.ts';
import type { Ledger } from './ledger.ts';

export async function startHastyLedger(url: string): Promise<Ledger> {
  let balance = 0;
  const consuming = await keepConsuming(url, 'payments', (payment) => {
    balance += Number(payment.text());
  });
  return {
    get balance() {
      return balance;
    },
    [Symbol.asyncDispose]: () => consuming[Symbol.asyncDispose](),
  };
}
