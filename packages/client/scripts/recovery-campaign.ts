/**
 * Plays random programs against random faults by the thousand and prints what went wrong, each program shortened.
 * `tsx --conditions=puka:source scripts/recovery-campaign.ts [count] [first seed] [prepared]`
 */
import { campaign } from '../test/recovery/campaign/campaign.ts';

const [count = 10_000, firstSeed = 1] = process.argv.slice(2, 4).map(Number);
const isPrepared = process.argv[4] === 'prepared';
const failures = await campaign(firstSeed, count, 10, 200, isPrepared);
console.log(JSON.stringify({ programs: count, firstSeed, failures: failures.length }));
for (const { seed, setups, isNewBroker, steps, wrong } of failures) {
  console.log(`seed ${seed}${isNewBroker ? ', RabbitMQ 4.3' : ''}:`);
  for (const setup of setups) console.log(`  client ${JSON.stringify(setup)}`);
  for (const step of steps) console.log(`  ${JSON.stringify(step)}`);
  for (const text of wrong) console.log(`  WRONG ${text}`);
}
if (failures.length > 0) process.exitCode = 1;
