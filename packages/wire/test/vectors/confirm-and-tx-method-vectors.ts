/** Vectors of the classes confirm and tx: whole method frames and what they mean. */
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const confirmAndTxVectors: readonly MethodVector[] = [
  vector(
    'confirm.select',
    `01 0001 00000005     # method frame, channel 1, size
     0055 000a            # confirm.select
     00                   # no-wait: not set
     ce                   # end`,
    { type: 'confirm.select', noWait: false },
    { type: 'confirm.select' },
  ),
  vector(
    'confirm.select without an answer',
    `01 0001 00000005     # method frame, channel 1, size
     0055 000a            # confirm.select
     01                   # no-wait
     ce                   # end`,
    { type: 'confirm.select', noWait: true },
  ),
  vector(
    'confirm.select-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0055 000b            # confirm.select-ok
     ce                   # end`,
    { type: 'confirm.select-ok' },
  ),
  vector(
    'tx.select',
    `01 0001 00000004     # method frame, channel 1, size
     005a 000a            # tx.select
     ce                   # end`,
    { type: 'tx.select' },
  ),
  vector(
    'tx.select-ok',
    `01 0001 00000004     # method frame, channel 1, size
     005a 000b            # tx.select-ok
     ce                   # end`,
    { type: 'tx.select-ok' },
  ),
  vector(
    'tx.commit',
    `01 0001 00000004     # method frame, channel 1, size
     005a 0014            # tx.commit
     ce                   # end`,
    { type: 'tx.commit' },
  ),
  vector(
    'tx.commit-ok',
    `01 0001 00000004     # method frame, channel 1, size
     005a 0015            # tx.commit-ok
     ce                   # end`,
    { type: 'tx.commit-ok' },
  ),
  vector(
    'tx.rollback',
    `01 0001 00000004     # method frame, channel 1, size
     005a 001e            # tx.rollback
     ce                   # end`,
    { type: 'tx.rollback' },
  ),
  vector(
    'tx.rollback-ok',
    `01 0001 00000004     # method frame, channel 1, size
     005a 001f            # tx.rollback-ok
     ce                   # end`,
    { type: 'tx.rollback-ok' },
  ),
];
