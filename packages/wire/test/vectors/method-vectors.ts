/** The vectors of all methods. */
import { basicVectors } from './basic-method-vectors.ts';
import { channelVectors } from './channel-method-vectors.ts';
import { confirmAndTxVectors } from './confirm-and-tx-method-vectors.ts';
import { connectionVectors } from './connection-method-vectors.ts';
import { exchangeVectors } from './exchange-method-vectors.ts';
import type { MethodVector } from './method-vector.ts';
import { queueVectors } from './queue-method-vectors.ts';

/** Every vector, by class. */
export const methodVectors: readonly MethodVector[] = [
  ...connectionVectors,
  ...channelVectors,
  ...exchangeVectors,
  ...queueVectors,
  ...basicVectors,
  ...confirmAndTxVectors,
];
