import { describe, expect, it } from 'vitest';
import { AmqpError, NoRoute, NotFound, PukaError, replyCodes, replyError } from '../src/index.ts';
import { everyClass } from './every-class.ts';

describe('replyError', () => {
  it.each(replyCodes)('makes $className of $code', ({ code, className, hard, name }) => {
    const error = replyError(code, '');

    expect(error.name).toBe(className);
    expect(error).toBeInstanceOf(AmqpError);
    expect(error.replyCode).toBe(code);
    expect(error.scope === 'connection').toBe(hard);
    expect(error.message).toBe(`${name.replaceAll('-', '_').toUpperCase()} (${code})`);
  });

  it('reports the text of the broker, the code and the method', () => {
    const error = replyError(404, "NOT_FOUND - no exchange 'x' in vhost '/'", { method: 'basic.publish' });

    expect(error).toBeInstanceOf(NotFound);
    expect(error.message).toBe("NOT_FOUND - no exchange 'x' in vhost '/' (404, basic.publish)");
    expect(error.replyText).toBe("NOT_FOUND - no exchange 'x' in vhost '/'");
    expect(error.method).toBe('basic.publish');
  });

  it('puts the name of the code before a text that lacks it', () => {
    expect(replyError(404, 'no such thing').message).toBe('NOT_FOUND - no such thing (404)');
    expect(replyError(502, 'bad table').message).toBe('SYNTAX_ERROR - bad table (502)');
  });

  it('does not say the name twice where it is all of the text, as in basic.return', () => {
    expect(replyError(312, 'NO_ROUTE', { method: 'basic.publish' }).message).toBe('NO_ROUTE (312, basic.publish)');
  });

  it('makes an AmqpError itself of a code in no list', () => {
    const error = replyError(599, 'OUT_OF_CHEESE', { method: 'queue.declare' });

    expect(error.name).toBe('AmqpError');
    expect(error.code).toBe('AMQP_ERROR');
    expect(error.replyCode).toBe(599);
    expect(error.scope).toBe('connection');
    expect(error.message).toBe('OUT_OF_CHEESE (599, queue.declare)');
    expect(replyError(0, '').message).toBe('unknown reply code (0)');
  });

  it('shows a text of the broker cut and without control characters, and keeps the whole', () => {
    const text = `ACCESS_REFUSED - \u001b[2J\r\n${'x'.repeat(8 << 20)}`;
    const error = replyError(403, text);

    expect(error.message).toMatch(/^ACCESS_REFUSED - x+… \(403\)$/);
    expect(error.message).toHaveLength(506);
    expect(error.replyText).toBe(text);
    expect(replyError(599, 'a\nb').message).toBe('a b (599)');
    expect(replyError(404, '\u0007').message).toBe('NOT_FOUND (404)');
    expect(replyError(599, '\u0007').message).toBe('unknown reply code (599)');
  });

  it('takes what else is known', () => {
    const cause = new Error('inner');
    const error = replyError(403, 'ACCESS_REFUSED', { scope: 'connection', outcome: 'unknown', cause });

    expect(error.scope).toBe('connection');
    expect(error.outcome).toBe('unknown');
    expect(error.cause).toBe(cause);
  });

  it('takes the arguments of the call over a code and a text in the details', () => {
    const error = replyError(404, 'NOT_FOUND', { replyCode: 1, replyText: 'other' });

    expect([error.replyCode, error.replyText]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('the table of reply codes', () => {
  it('lists each code and each class once', () => {
    expect(replyCodes).toHaveLength(18);
    expect(new Set(replyCodes.map(({ code }) => code)).size).toBe(18);
    expect(new Set(replyCodes.map(({ className }) => className)).size).toBe(18);
  });

  it('lists as soft the seven codes that do not close the connection', () => {
    const soft = replyCodes.filter(({ hard }) => !hard).map(({ code }) => code);

    expect(soft).toEqual([311, 312, 313, 403, 404, 405, 406]);
  });

  it('lists every class that has a reply code of its own', () => {
    const withCode = everyClass.flatMap(([name, Class]) => (new Class('').replyCode === undefined ? [] : [name]));

    expect(replyCodes.map(({ className }) => className).sort()).toEqual(withCode.sort());
  });
});

describe('what a returned message gives', () => {
  it('concerns that operation alone, because a return closes no channel', () => {
    expect(new NoRoute('returned').scope).toBe('operation');
    expect(new NoRoute('returned')).toBeInstanceOf(PukaError);
  });
});
