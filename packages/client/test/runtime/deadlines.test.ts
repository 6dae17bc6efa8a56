import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/runtime/deadlines.ts';

interface Scene {
  readonly deadlines: Deadlines;
  readonly called: string[];
  readonly add: (name: string, atMs: number) => () => void;
}

function scene(): Scene {
  const deadlines = new Deadlines();
  const called: string[] = [];
  return {
    deadlines,
    called,
    add: (name, atMs) => deadlines.add(atMs, (nowMs) => called.push(`${name} at ${nowMs}`)),
  };
}

describe('a call', () => {
  it('comes once, when its time has come', () => {
    const { deadlines, called, add } = scene();
    add('a', 10);
    deadlines.expire(9);
    expect(called).toEqual([]);
    deadlines.expire(10);
    deadlines.expire(11);
    expect(called).toEqual(['a at 10']);
  });

  it('that was undone never comes', () => {
    const { deadlines, called, add } = scene();
    const undo = add('a', 10);
    add('b', 10);
    undo();
    undo();
    deadlines.expire(100);
    expect(called).toEqual(['b at 100']);
  });

  it('may add others, which come when they are due themselves', () => {
    const { deadlines, called } = scene();
    deadlines.add(10, () => {
      deadlines.add(5, (nowMs) => called.push(`late at ${nowMs}`));
      deadlines.add(20, (nowMs) => called.push(`next at ${nowMs}`));
    });
    deadlines.expire(10);
    expect(called).toEqual([]);
    deadlines.expire(11);
    expect(called).toEqual(['late at 11']);
    deadlines.expire(20);
    expect(called).toEqual(['late at 11', 'next at 20']);
  });

  it('may undo another that is due with it', () => {
    const { deadlines, called, add } = scene();
    let undo: () => void = () => {};
    deadlines.add(10, () => undo());
    undo = add('b', 10);
    deadlines.expire(10);
    expect(called).toEqual([]);
  });
});

describe('the next moment', () => {
  it('is never later than the earliest call', () => {
    const { deadlines, add } = scene();
    expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
    add('a', 30);
    expect(deadlines.nextMs).toBe(30);
    const undo = add('b', 10);
    add('c', 20);
    expect(deadlines.nextMs).toBe(10);
    undo();
    deadlines.expire(10);
    expect(deadlines.nextMs).toBe(20);
    deadlines.expire(20);
    expect(deadlines.nextMs).toBe(30);
    deadlines.expire(30);
    expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('is never once nothing is left', () => {
    const { deadlines, add } = scene();
    for (const undo of [add('a', 1), add('b', 2)]) undo();
    expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('keeping the process', () => {
  it('is for as long as one of them asks for it, and is reported once it changes', () => {
    let changes = 0;
    const deadlines = new Deadlines(() => changes++);
    const undoQuiet = deadlines.add(100, () => {}, { keepsProcess: false });
    expect(deadlines.keepsProcess).toBe(false);
    expect(changes).toBe(1);
    const undo = [deadlines.add(200, () => {}), deadlines.add(300, () => {})];
    expect(deadlines.keepsProcess).toBe(true);
    expect(changes).toBe(2);
    undo[0]?.();
    undo[0]?.();
    expect(deadlines.keepsProcess).toBe(true);
    undo[1]?.();
    expect(deadlines.keepsProcess).toBe(false);
    expect(changes).toBe(3);
    undoQuiet();
    expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('any number of them', () => {
  type Step = readonly [kind: 'add' | 'undo' | 'expire', value: number];
  const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom('add', 'add', 'undo', 'expire'), fc.nat(400));

  it('are called at their time and in order, whatever is added and undone meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const { deadlines, called, add } = scene();
        let open: { readonly name: string; readonly atMs: number; readonly undo: () => void }[] = [];
        let nowMs = 0;
        for (const [index, [kind, value]] of steps.entries()) {
          if (kind === 'add') {
            const atMs = nowMs + value;
            open.push({ name: `${index}`, atMs, undo: add(`${index}`, atMs) });
          } else if (kind === 'undo') {
            const [undone] = open.splice(value, 1);
            undone?.undo();
          } else {
            nowMs += value;
            const due = open.filter(({ atMs }) => atMs <= nowMs).sort((one, other) => one.atMs - other.atMs);
            open = open.filter(({ atMs }) => atMs > nowMs);
            deadlines.expire(nowMs);
            expect(called.splice(0)).toEqual(due.map(({ name }) => `${name} at ${nowMs}`));
          }
          const earliest = Math.min(Number.POSITIVE_INFINITY, ...open.map(({ atMs }) => atMs));
          expect(deadlines.nextMs).toBeLessThanOrEqual(earliest);
          if (open.length === 0) expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
          expect(deadlines.keepsProcess).toBe(open.length > 0);
        }
      }),
    );
  });

  it('are not all searched for each one that is due or undone', () => {
    let looks = 0;
    const deadlines = new Deadlines();
    const undo: (() => void)[] = [];
    for (let index = 0; index < 2000; index++) {
      const at = {
        valueOf(): number {
          looks++;
          return index;
        },
      };
      undo.push(deadlines.add(at as unknown as number, () => {}));
    }
    for (let nowMs = 0; nowMs < 1000; nowMs++) deadlines.expire(nowMs);
    for (const each of undo) each();
    expect(looks).toBeLessThan(2000 * 40);
    expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});
