/** An embedded broker in a process of its own; reports its URL, and on request the CPU time it has taken. */
import { startBroker } from '@puka/testing';

const broker = await startBroker({ historyLimit: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system });
});
process.send?.({ url: broker.url });
