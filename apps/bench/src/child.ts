/** One measured run in a process of its own: argument 1 is the client, argument 2 the job as JSON; prints JSON. */
import * as amqplib from './clients/amqplib.ts';
import * as cloudamqp from './clients/cloudamqp.ts';
import * as puka from './clients/puka.ts';
import * as rabbitmqClient from './clients/rabbitmq-client.ts';
import type { Job } from './job.ts';

const clients = { puka, amqplib, 'rabbitmq-client': rabbitmqClient, cloudamqp };
const name = process.argv[2] as keyof typeof clients; // `index.ts` starts it.
const job = JSON.parse(process.argv[3] ?? '') as Job;

const client = await clients[name].connect(job.url);
const before = process.cpuUsage();
const started = performance.now();
await (job.mode === 'publish' ? client.publish(job) : client.consume(job));
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(before);
const memory = process.memoryUsage.rss();
console.log(JSON.stringify({ seconds, cpuMicroseconds: cpu.user + cpu.system, rssBytes: memory }));
await client.close();
process.exit(0);
