import { describe, expect, it } from 'vitest';
import { PublisherScene } from './publisher-scene.ts';

describe('a publish under way', () => {
  it('holds its message until its outcome is known, and not longer', () => {
    const scene = new PublisherScene();
    const operation = scene.publish('a');
    expect(operation.input?.body.length).toBe(1);
    expect(operation).toMatchObject({ isHeld: false, isSent: true, attempts: 1 });
    scene.sent();
    scene.openChannel();
    scene.ack(1);
    expect(operation.input).toBeUndefined();
  });

  it('is held while a suspect is sent alone, and not when it has been sent', () => {
    const scene = new PublisherScene();
    const operations = ['a', 'b'].map((name) => scene.publish(name));
    scene.sent();
    scene.openChannel();
    scene.refuse(406, 'PRECONDITION_FAILED - who knows');
    expect(operations.map(({ isSuspect }) => isSuspect)).toEqual([true, true]);
    expect(operations.map(({ isHeld }) => isHeld)).toEqual([false, true]);
    scene.openChannel();
    scene.ack(1);
    expect(operations.map(({ isHeld }) => isHeld)).toEqual([false, false]);
    scene.ack(2);
    expect(scene.fates).toEqual(['a', 'b']);
    expect(operations.map(({ attempts }) => attempts)).toEqual([2, 2]);
  });
});
