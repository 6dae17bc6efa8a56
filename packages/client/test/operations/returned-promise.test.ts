import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { isPromised, reportRejection } from '../../src/operations/returned-promise.ts';

function scene() {
  const reported: unknown[] = [];
  return { reported, report: (error: unknown): void => void reported.push(error) };
}

const foreign = (): unknown => runInNewContext("Promise.reject('foreign')");

describe('a promise that a function has returned', () => {
  it('is reported where it rejects, whatever made it', async () => {
    const { reported, report } = scene();
    reportRejection(Promise.reject('here'), report);
    reportRejection(foreign(), report);
    reportRejection(Promise.resolve(), report);
    reportRejection(undefined, report);
    await Promise.resolve();
    expect(reported).toEqual(['here', 'foreign']);
  });

  it('in place of true or false is reported by the name of the function, and so is its failure', async () => {
    const { reported, report } = scene();
    expect(isPromised(true, 'decide', report)).toBe(false);
    expect(isPromised(foreign(), 'decide', report)).toBe(true);
    await Promise.resolve();
    expect(reported).toEqual([expect.any(UsageError), 'foreign']);
    expect(String(reported[0])).toContain('decide returned a promise');
  });
});
