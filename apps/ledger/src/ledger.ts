/** Books payments, each once, however often it is delivered. */
import { keepConsuming } from './keep-consuming.ts';

/** The sum of all payments that have come to the queue `payments`. */
export interface Ledger extends AsyncDisposable {
  readonly balance: number;
}

export async function startLedger(url: string): Promise<Ledger> {
  let balance = 0;
  const booked = new Set<string>();
  const consuming = await keepConsuming(url, 'payments', (payment) => {
    const { messageId } = payment;
    if (messageId === undefined) throw new Error('a payment without a messageId cannot be booked once');
    if (booked.has(messageId)) return;
    booked.add(messageId);
    balance += Number(payment.text());
  });
  return {
    get balance() {
      return balance;
    },
    [Symbol.asyncDispose]: () => consuming[Symbol.asyncDispose](),
  };
}
