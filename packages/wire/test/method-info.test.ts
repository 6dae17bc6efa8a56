import { describe, expect, it } from 'vitest';
import { ClassId, MethodId, methodInfo, methodName, ReplyCode } from '../src/methods.ts';
import { tableMethods } from './method-arbitraries.ts';

describe('methodInfo', () => {
  it('knows every method of the table, and no other', () => {
    expect([...methodInfo.keys()]).toEqual(tableMethods.map(({ id }) => id));
  });

  it('reports of each what the table says', () => {
    for (const { type, id, definition } of tableMethods) {
      const { direction, hasContent, replies } = definition;
      const replyIds = tableMethods
        .filter((other) => replies.some((reply) => other.type === `${type.split('.')[0]}.${reply}`))
        .map((other) => other.id);
      expect(methodInfo.get(id)).toEqual({
        name: type,
        id,
        direction,
        hasContent,
        replies: replyIds,
        synchronous: replyIds.length > 0,
      });
    }
  });

  it('knows both answers to basic.get', () => {
    expect(methodInfo.get(MethodId.basicGet)?.replies).toEqual([MethodId.basicGetOk, MethodId.basicGetEmpty]);
  });

  it('knows the four methods that a content follows', () => {
    const names = [...methodInfo.values()].filter(({ hasContent }) => hasContent).map(({ name }) => name);

    expect(names).toEqual(['basic.publish', 'basic.return', 'basic.deliver', 'basic.get-ok']);
  });
});

describe('methodName', () => {
  it('names a method by the two numbers of a close', () => {
    expect(methodName(60, 40)).toBe('basic.publish');
    expect(methodName(ClassId.queue, 10)).toBe('queue.declare');
    expect(methodName(10, 71)).toBe('connection.update-secret-ok');
  });

  it('does not name what is not defined', () => {
    for (const [classId, methodId] of [
      [0, 0],
      [60, 0],
      [0, 40],
      [30, 10],
      [60, 65_576],
      [65_535, 65_535],
    ] as const) {
      expect(methodName(classId, methodId)).toBeUndefined();
    }
  });
});

describe('the constants', () => {
  it('have the numbers of the standard', () => {
    expect(MethodId.connectionStart).toBe(0x000a000a);
    expect(MethodId.basicPublish).toBe(0x003c0028);
    expect(MethodId.confirmSelect).toBe(0x0055000a);
    expect(ReplyCode).toMatchObject({ replySuccess: 200, noRoute: 312, notFound: 404, notAllowed: 530 });
  });
});
