import { ConnectionForced, replyError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { Quarantine } from '../../src/consuming/quarantine.ts';
import { Deadlines } from '../../src/runtime/deadlines.ts';

class Scene {
  nowMs = 0;
  readonly deadlines = new Deadlines();
  readonly quarantine = new Quarantine({ deadlines: this.deadlines, now: () => this.nowMs });
  readonly tried: string[] = [];

  connect(): void {
    this.quarantine.connected((queue) => this.tried.push(`${queue} at ${this.nowMs}`));
  }

  lose(queue: string): void {
    const text = `INTERNAL_ERROR - queue '${queue}' in vhost '/' timeout occurred during consume operation`;
    this.quarantine.connectionLost(replyError(541, text, { method: 'basic.consume', scope: 'connection' }));
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.deadlines.expire(this.nowMs);
  }
}

describe('a queue whose consume ended the connection', () => {
  it('is tried alone, 30 s after the others, and twice as long with each failure', () => {
    const scene = new Scene();
    for (const delayMs of [30_000, 60_000, 120_000]) {
      scene.lose('q');
      scene.tried.length = 0;
      scene.connect();
      expect(scene.quarantine.holds('q')).toBe(true);
      scene.advance(delayMs - 1);
      expect(scene.tried).toEqual([]);
      scene.advance(1);
      expect(scene.tried).toHaveLength(1);
      expect(scene.quarantine.holds('q')).toBe(false);
    }
  });

  it('is released when the connection is still open 35 s after the try, and the next has its turn', () => {
    const scene = new Scene();
    scene.lose('a');
    scene.lose('b');
    scene.connect();
    scene.advance(30_000);
    expect(scene.tried).toEqual(['a at 30000']);
    expect(scene.quarantine.holds('b')).toBe(true);
    scene.advance(35_000);
    expect(scene.quarantine.holds('a')).toBe(false);
    scene.advance(30_000);
    expect(scene.tried).toEqual(['a at 30000', 'b at 95000']);
  });

  it('waits no longer than ten minutes', () => {
    const scene = new Scene();
    for (let failure = 0; failure < 20; failure++) scene.lose('q');
    scene.connect();
    scene.advance(600_000);
    expect(scene.tried).toHaveLength(1);
  });
});

describe('any other end of a connection', () => {
  it('puts nothing into quarantine', () => {
    const scene = new Scene();
    scene.quarantine.connectionLost(new ConnectionForced("CONNECTION_FORCED - queue 'q'", { method: 'basic.consume' }));
    scene.quarantine.connectionLost(replyError(541, "queue 'q'", { method: 'queue.declare', scope: 'connection' }));
    expect(scene.quarantine.holds('q')).toBe(false);
  });

  it('forgets all when nothing more follows', () => {
    const scene = new Scene();
    scene.lose('q');
    scene.quarantine.clear();
    expect(scene.quarantine.holds('q')).toBe(false);
  });
});
