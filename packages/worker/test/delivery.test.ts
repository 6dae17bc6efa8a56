import type { Message } from '@puka/client';
import { expect, it } from 'vitest';
import { Delivery, LazySignal } from '../src/delivery.ts';

const message = { headers: {}, exchange: 'logs', routingKey: 'k' } as unknown as Message;

it('has a signal that is aborted, be it asked for before or after, with the first reason', () => {
  const early = new LazySignal();
  const { signal } = early;
  early.abort('first');
  early.abort('second');
  expect(signal.reason).toBe('first');
  const late = new LazySignal();
  late.abort('first');
  late.abort('second');
  expect(late.signal.reason).toBe('first');
  expect(late.signal).toBe(late.signal);
});

it('aborts the signal of its batch with its own', () => {
  const delivery = new Delivery(message, 1);
  const batch = new LazySignal();
  delivery.batch = batch;
  delivery.abort('gone');
  expect(batch.signal.reason).toBe('gone');
});

it('is over when it is written or lost', () => {
  const delivery = new Delivery(message, 1);
  const over = (['waiting', 'running', 'writing', 'written', 'lost'] as const).filter((state) => {
    delivery.state = state;
    return delivery.isOver;
  });
  expect(over).toEqual(['written', 'lost']);
});

it('names where its message was published', () => {
  const delivery = new Delivery(message, 2);
  expect([delivery.exchange, delivery.routingKey, delivery.attempt]).toEqual(['logs', 'k', 2]);
});
