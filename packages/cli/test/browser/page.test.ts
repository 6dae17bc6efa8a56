/** A page in Chromium that publishes and consumes, through a relay and RabbitMQ, and outlives its relay. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Client } from '@puka/client';
import { findBrowser, uniqueName } from '@puka/testkit';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { brokerAddress } from '../../src/broker-address.ts';
import { startTestRelay } from '../relay/relay-harness.ts';

const here = import.meta.dirname;
const screenshots = resolve(here, '../../../../node_modules/.cache/puka');

const amqpUrl = inject('amqpUrl');
let browser: Browser | undefined;
let origin: string;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  // In CI a browser that is missing is a failure.
  const executablePath = await findBrowser().catch((error: Error) => {
    if (process.env.CI) throw error;
    console.warn(`skipped: ${error.message}`);
    return undefined;
  });
  if (executablePath === undefined) return;
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  cleanUps.push(() => browser?.close());
  origin = await servePage();
});

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** @returns the origin of a server that has the page. */
async function servePage(): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [join(here, 'page.ts')], bundle: true, write: false, format: 'esm', platform: 'browser' },
    ...{ target: 'es2023', conditions: ['puka:source'], logLevel: 'error' },
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : readFileSync(join(here, 'page.html')));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  cleanUps.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function openPage(context: Browser, relayPort: number, queue: string): Promise<{ page: Page; errors: string[] }> {
  const { username, password, pathname } = new URL(amqpUrl);
  const url = `amqp://${username}:${password}@127.0.0.1:${relayPort}${pathname}`;
  const page = await context.newPage({ viewport: { width: 900, height: 600 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${origin}/?${new URLSearchParams({ url, queue })}`);
  return { page, errors };
}

async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, name) });
}

test('a page publishes and consumes, and goes on when its relay is replaced', async ({ skip }) => {
  if (browser === undefined) return skip('no browser');
  const queue = uniqueName('browser');
  const address = await brokerAddress(amqpUrl);
  const first = await startTestRelay(address, { origins: [origin] });
  const { page, errors } = await openPage(browser, first.port, queue);
  const row = async (text: string): Promise<void> => {
    const failed = page.locator('li.failed');
    await page.locator('li', { hasText: text }).or(failed).first().waitFor();
    expect(await failed.allTextContents()).toEqual([]);
  };
  await row('waiting for a message');

  const client = new Client(amqpUrl);
  await client.connect();
  await client.basicPublish({ routingKey: queue, body: 'from Node' });
  await row('received: from Node');
  await first.stop();
  await row('disconnected: ');
  await client.basicPublish({ routingKey: queue, body: 'last' });
  const second = await startTestRelay(address, { origins: [origin], port: first.port });
  await row('shut down');
  await screenshot(page, 'browser.png');
  expect(await page.locator('li').allTextContents()).toEqual([
    expect.stringMatching(/^connected to RabbitMQ \d/),
    'published and consumed 1000 messages, one of them of 1 MiB',
    'a missing queue is NotFound, and nothing else failed',
    'waiting for a message from the test',
    'received: from Node',
    expect.stringContaining('the relay is shutting down (close code 1001)'),
    'received: last',
    'shut down',
  ]);
  expect(errors).toEqual([]);
  await client.queueDelete({ queue });
  await client.shutdown();
  await second.stop();
});

test('a page of another origin gets an error that asks whether its origin is allowed', async ({ skip }) => {
  if (browser === undefined) return skip('no browser');
  const relay = await startTestRelay(await brokerAddress(amqpUrl), { origins: ['https://shop.example'] });
  const { page } = await openPage(browser, relay.port, 'unused');
  const failed = page.locator('li.failed').first();
  await failed.waitFor();
  await screenshot(page, 'browser-refused.png');
  expect(await failed.textContent()).toContain('does it allow the origin of this page');
  expect(relay.counts()).toMatchObject({ accepted: 0, ends: { badOrigin: 1 } });
  await relay.stop();
});
