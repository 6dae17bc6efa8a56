import { describe, expect, it } from 'vitest';
import { ConsumerState } from '../../src/consuming/consumer-state.ts';

describe('the state of a consumer', () => {
  it('does one task after the other, beginning busy', () => {
    const state = new ConsumerState();
    const done: string[] = [];
    const ends: (() => void)[] = [];
    for (const name of ['a', 'b']) {
      state.whenSteady((end) => {
        done.push(name);
        ends.push(end);
      });
    }
    expect([done, state.isSteady]).toEqual([[], false]);
    state.goOn();
    expect(done).toEqual(['a']);
    ends[0]?.();
    expect(done).toEqual(['a', 'b']);
    ends[1]?.();
    expect(state.isSteady).toBe(true);
  });

  it('calls the other way out of a task once the consumer is over', () => {
    const state = new ConsumerState();
    const done: string[] = [];
    state.whenSteady(
      () => done.push('task'),
      () => done.push('over'),
    );
    state.isOver = true;
    state.goOn();
    expect(done).toEqual(['over']);
  });

  it('stops the pauses of all its queues', () => {
    const state = new ConsumerState();
    let stopped = 0;
    state.beginPause(() => stopped++);
    state.beginPause(() => stopped++);
    state.stopPauses();
    expect([stopped, state.isPausing]).toEqual([2, false]);
    expect(state.paceOf('q')).toBe(state.paceOf('q'));
  });
});

describe('a queue that was taken for a stream and is none', () => {
  it('is read on from nowhere', () => {
    const state = new ConsumerState();
    state.resume('q', 7);
    state.resume('s', 8);
    expect([state.resumeOffset('q'), state.isNoStream('q')]).toEqual([7, false]);
    state.noteNoStream('q');
    expect([state.resumeOffset('q'), state.isNoStream('q')]).toEqual([undefined, true]);
    expect([state.resumeOffset('s'), state.isNoStream('s')]).toEqual([8, false]);
  });
});
