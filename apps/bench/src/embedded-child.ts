/** An embedded broker in a process of its own; tells its URL, and what CPU time it has taken whenever it is asked. */
import { startBroker } from '@puka/testing';

const broker = await startBroker({ historyLimit: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system });
});
process.send?.({ url: broker.url });
