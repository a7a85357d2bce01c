import { expect, test } from 'vitest';
import { answer, ProblemException } from './problem-exception.js';
import { isRefusal, refuse } from './refusal.js';
import { isReply } from './reply.js';

test('a reply is told from a plain body that has a member of that name', () => {
  expect(isReply({ body: 1 })).toBe(true);
  expect(isReply({ body: null, version: 1, location: '/x', status: 202, headers: {} })).toBe(true);
  expect(isReply({ body: 'of a letter', subject: 's' })).toBe(false);
  for (const plain of [{}, [], null, undefined, 'body', { version: 1 }]) expect(isReply(plain)).toBe(false);
});

test('a refusal is a value until it is answered', () => {
  const refusal = refuse('stale-version', [{ path: 'headers.if-match', rule: 'present-version' }]);
  expect(isRefusal(refusal)).toBe(true);
  expect(() => answer(refusal)).toThrow(ProblemException);
  expect(answer({ body: 1 })).toEqual({ body: 1 });
  for (const other of [{ refused: 'toString' }, { refused: 3 }, {}, null]) expect(isRefusal(other)).toBe(false);
});
