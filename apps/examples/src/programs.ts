/** All examples by name. Holds nothing else. */
import { declaresInParallel, declaresOneByOne } from './declares.ts';
import { emitLog, receiveLogs } from './logs.ts';
import { manyClients } from './many-clients.ts';
import type { Program } from './program.ts';
import { receiveMany } from './receive-many.ts';
import { receiveOne } from './receive-one.ts';
import { rpcClient, rpcServer } from './rpc.ts';
import { selectLoop } from './select-loop.ts';
import { send } from './send.ts';
import { sendByCallbacks } from './send-by-callbacks.ts';
import { sessionDuplex } from './session-duplex.ts';
import { stress } from './stress.ts';
import { survivingWorker } from './surviving-worker.ts';
import { worker } from './worker.ts';

export const programs: ReadonlyMap<string, Program> = new Map(
  Object.entries({
    send,
    receiveOne,
    receiveMany,
    sendByCallbacks,
    emitLog,
    receiveLogs,
    declaresInParallel,
    declaresOneByOne,
    stress,
    worker,
    survivingWorker,
    rpcServer,
    rpcClient,
    selectLoop,
    manyClients,
    sessionDuplex,
  }),
);
