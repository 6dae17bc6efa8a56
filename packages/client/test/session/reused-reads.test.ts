/** A message keeps its bytes while the transport reads into the same memory again. */
import type { Message } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';
import { newSeed, picked, seededRandom } from '../seeded.ts';

const sizes = [0, 1, 16, 4095, 4096, 5000, 65_536, 131_064, 131_071, 131_072, 200_000, 400_000];

describe('kept messages', () => {
  it('stay as they came, of all sizes, however the stream is cut', async () => {
    const seed = newSeed();
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const kept: Message[] = [];
    client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true }, (_error, message) => {
      if (message !== undefined) kept.push(message);
    });
    client.basicPublish({ routingKey: 'opens the channel' });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    broker.underWay = (bytes) => {
      const pieces: Uint8Array[] = [];
      for (let from = 0; from < bytes.length; ) {
        const end = Math.min(bytes.length, from + 1 + Math.floor(random() ** 3 * 150_000));
        pieces.push(bytes.subarray(from, end));
        from = end;
      }
      return pieces;
    };
    const sent: { size: number; letter: string; correlationId: string }[] = [];
    for (let tag = 1; tag <= 300; tag++) {
      const size = picked(sizes, random);
      const letter = String.fromCharCode(97 + (tag % 26));
      sent.push({ size, letter, correlationId: `${tag}` });
      broker.say(broker.delivery(channel, 'c', tag, letter.repeat(size), { correlationId: `${tag}` }));
      // Answers and confirms come between.
      if (tag % 7 === 0) client.basicPublish({ routingKey: 'q', body: 'x' });
      if (tag % 11 === 0) void client.queueDeclare({ queue: `q${tag}` });
      if (random() < 0.3) await broker.pump();
    }
    await broker.pump();
    const found = kept.map((message) => ({
      size: message.body.length,
      letter: message.text().slice(0, 1),
      correlationId: message.properties.correlationId,
    }));
    expect(found).toEqual(
      sent.map(({ size, letter, correlationId }) => ({ size, letter: size === 0 ? '' : letter, correlationId })),
    );
    expect(
      kept.every((message, index) => message.text() === (sent[index]?.letter ?? '').repeat(message.body.length)),
    ).toBe(true);
    expect(kept.map(({ deliveryTag }) => deliveryTag)).toEqual(kept.map((_message, index) => index + 1));
    void client.close();
    await broker.pump();
  });
});

describe('bodies in the hands of the user', () => {
  it('never change while very many more messages pass, kept ones and lent ones on one channel', async () => {
    const seed = newSeed();
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const broker = new ScriptedBroker();
    // One channel is left for consumers: the two share it.
    broker.tune.channelMax = 4;
    const client = await broker.connected();
    const held: { readonly body: Uint8Array; readonly octet: number; readonly length: number }[] = [];
    const lent: (readonly [Message, Uint8Array])[] = [];
    const wrong: number[] = [];
    const check = (body: Uint8Array, octet: number, length: number): void => {
      if (body.length !== length || body.some((found) => found !== octet)) wrong.push(length);
    };
    const octetOf = ({ deliveryTag }: Message): number => deliveryTag % 127;
    const settle = (at: number): void => {
      for (const [message, body] of lent.splice(at, 1)) {
        check(body, octetOf(message), message.bodySize);
        if (random() < 0.5) message.ack();
        else message.nack();
        if (body.length > 0 || message.body.length > 0) wrong.push(-1);
      }
    };
    client.basicConsume({ queue: 'kept', consumerTag: 'kept' }, (_error, message) => {
      if (message === undefined) return;
      // One in fifty is kept, looked at before or after its ack.
      const isHeld = message.deliveryTag % 50 === 0;
      const body = isHeld && random() < 0.5 ? message.body : undefined;
      check(new TextEncoder().encode(message.text()), octetOf(message), message.bodySize);
      message.ack();
      if (isHeld) held.push({ body: body ?? message.body, octet: octetOf(message), length: message.bodySize });
    });
    client.basicConsume({ queue: 'lent', consumerTag: 'lent', bodies: 'lent' }, (_error, message) => {
      if (message === undefined) return;
      lent.push([message, message.body]);
      if (lent.length > 20) settle(Math.floor(random() * lent.length));
    });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    for (let tag = 1; tag <= 5000; tag++) {
      const size = Math.floor(random() ** 8 * 150_000);
      const to = random() < 0.5 ? 'kept' : 'lent';
      broker.say(broker.delivery(channel, to, tag, String.fromCharCode(tag % 127).repeat(size)));
      if (random() < 0.05) await broker.pump();
    }
    await broker.pump();
    for (const { body, octet, length } of held) check(body, octet, length);
    while (lent.length > 0) settle(0);
    expect(held.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
    void client.close();
    await broker.pump();
  });

  it('never change while a million further messages pass', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const kept: { readonly body: Uint8Array; readonly letter: string }[] = [];
    let passed = 0;
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, (_error, message) => {
      if (message === undefined) return;
      // The first of each size is kept, all others are looked at and forgotten.
      if (message.bodySize !== 16) kept.push({ body: message.body, letter: message.text().slice(0, 1) });
      else if (message.body[0] === 'm'.charCodeAt(0)) passed++;
      message.ack();
    });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    const keptSizes = [1, 100, 2048, 4096, 20_000, 70_000, 131_072, 300_000];
    for (const [index, size] of keptSizes.entries()) {
      broker.say(broker.delivery(channel, 'c', index + 1, String.fromCharCode(97 + index).repeat(size)));
      await broker.pump();
    }
    const one = broker.delivery(channel, 'c', 1, 'm'.repeat(16));
    // After the frame's header, class, method and the consumer tag with its length; the lower half of eight octets.
    const tagOffset = 7 + 4 + 2 + 4;
    const batch = 4000;
    const batchBytes = new Uint8Array(batch * one.length);
    for (let at = 0; at < batch; at++) batchBytes.set(one, at * one.length);
    const view = new DataView(batchBytes.buffer);
    for (let done = 0; done < 1_000_000; done += batch) {
      for (let at = 0; at < batch; at++) {
        view.setUint32(at * one.length + tagOffset, keptSizes.length + 1 + done + at);
      }
      broker.say(batchBytes);
      await broker.pump();
    }
    expect(passed).toBe(1_000_000);
    expect(kept.map(({ body }) => body.length)).toEqual(keptSizes);
    for (const { body, letter } of kept) {
      const octet = letter.charCodeAt(0);
      expect(body.every((found) => found === octet)).toBe(true);
    }
    void client.close();
    await broker.pump();
  });
});
