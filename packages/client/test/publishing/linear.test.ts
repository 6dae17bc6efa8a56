/** Work that grows as what there is to do, and no faster: counted, not timed. */
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/publishing/returned-messages.ts';
import { PublisherScene, watchState } from './publisher-scene.ts';

/** How often the state of the publishes is looked at until all have their outcome. */
function looksAt(count: number): number {
  const scene = new PublisherScene();
  let looks = 0;
  for (let index = 0; index < count; index++) {
    watchState(scene.publish(`${index}`), () => looks++);
  }
  scene.sent();
  scene.openChannel();
  scene.refuse(406, 'PRECONDITION_FAILED - who knows');
  scene.openChannel();
  // Each is a suspect, and sent alone.
  for (let tag = 1; tag <= count; tag++) scene.ack(tag);
  expect(scene.fates.length).toBe(count);
  return looks;
}

describe('work that does not grow with the square', () => {
  it('a channel closed under many publishes, when the broker names no publish', () => {
    expect(looksAt(2000) / looksAt(500)).toBeLessThan(5);
  });

  it('a channel closed again and again under many', () => {
    /** How many publishes are written: each suspect once more, and none for the sake of another. */
    const written = (count: number): number => {
      const scene = new PublisherScene();
      for (let index = 0; index < count; index++) scene.publish(`${index}`);
      let sent = scene.sent().length;
      scene.openChannel();
      for (let index = 0; index <= count; index++) {
        scene.refuse(406, 'PRECONDITION_FAILED - who knows');
        sent += scene.sent().length;
        scene.openChannel();
      }
      expect(scene.fates.length).toBe(count);
      return sent;
    };
    expect(written(800) / written(200)).toBeLessThan(5);
  });

  it('mandatory publishes that differ near their end, or in a number of their JSON, are distinguished by their hashes', () => {
    const bytes = new TextEncoder();
    const many = 4000;
    const longs = Array.from({ length: many }, (_, index) => {
      const body = new Uint8Array(4096);
      body.set(bytes.encode(`${index}`), 4080);
      return body;
    });
    const texts = Array.from({ length: many }, (_, index) =>
      bytes.encode(JSON.stringify({ id: 'order', customer: 'somebody', number: index, total: 1000 - index })),
    );
    for (const bodies of [longs, texts]) expect(new Set(bodies.map(hashOf)).size).toBeGreaterThan(many - 5);
  });

  it('every octet counts in the hash', () => {
    for (const length of [1, 2, 3, 4, 5, 63, 64, 65]) {
      const seen = new Set([hashOf(new Uint8Array(length))]);
      for (let at = 0; at < length; at++) {
        for (const value of [1, 128, 255]) {
          const body = new Uint8Array(length);
          body[at] = value;
          seen.add(hashOf(body));
        }
      }
      expect(seen.size).toBe(1 + 3 * length);
    }
  });
});
