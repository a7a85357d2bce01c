import { expect, test } from 'vitest';
import { MessagingError, Poison, Retryable } from '../errors.js';
import { readFailure } from './handler-failure.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

test.each([
  ['Retryable', new Retryable('later')],
  ['a refused connection', withCode('ECONNREFUSED')],
  ['a database that shuts down', withCode('57P01')],
  ['a statement timeout', withCode('57014')],
  ['a serialization failure', withCode('40001')],
  ['too many connections', withCode('53300')],
  ['a lost connection, which pg reports without a code', new Error('Connection terminated unexpectedly')],
  ['a broker that is away', new MessagingError('unreachable', 'x')],
  ['an error that says so itself', Object.assign(new Error('x'), { retryable: true })],
  ['a cause', new Error('outer', { cause: withCode('ECONNRESET') })],
  ['one of several errors', new AggregateError([withCode('ECONNREFUSED')], 'x')],
])('passing: %s', (_name, error) => {
  expect(readFailure(error).kind).toBe('passing');
});

test.each([
  ['a constraint', withCode('23514')],
  ['a programming error', new TypeError('x')],
  ['an error that says that it does not pass', new MessagingError('not-authorised', 'x')],
  ['what is not an error', 'text'],
])('unexplained: %s', (_name, error) => {
  expect(readFailure(error).kind).toBe('unexplained');
});

test('the reason names kind, code and place, and repeats no message', () => {
  const error = Object.assign(new Error('Li Lei, 13800000000'), { code: '23514' });
  expect(readFailure(error).reason).toMatch(/^Error 23514 at handler-failure\.unit\.test\.ts:\d+:\d+$/);
  expect(readFailure(new Poison('rule-7'))).toEqual({ kind: 'poison', reason: 'rule-7' });
});
