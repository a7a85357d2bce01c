import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeError } from './describe-error.js';

const secret = fc.string({ minLength: 8, unit: 'grapheme' }).map((text) => `~${text}~`);

function told(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return JSON.stringify(describeError(error));
  }
  throw new Error('expected a throw');
}

test('what an error quotes is not told', () => {
  fc.assert(
    fc.property(secret, (value) => {
      const errors = [
        () => JSON.parse(`{"name": ${value}`),
        () => z.literal('a').parse(value),
        () => {
          throw Object.assign(new Error(`invalid input syntax for type uuid: "${value}"`), {
            severity: 'ERROR',
            code: '22P02',
            detail: `Key (phone)=(${value}) already exists.`,
            where: value,
          });
        },
        () => {
          throw new Error(`no such name: '${value}'`, { cause: new TypeError(`"${value}"\n    at ${value}`) });
        },
        () => BigInt(value),
      ];
      for (const make of errors) {
        const text = told(make);
        expect(text).not.toContain(value);
        expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
      }
    }),
  );
});

test('what an operator needs is told', () => {
  const error = Object.assign(new Error('duplicate key value violates unique constraint "event_stream_version_key"'), {
    severity: 'ERROR',
    code: '23505',
    schema: 'registry',
    table: 'event',
    constraint: 'event_stream_version_key',
    detail: randomUUID(),
  });
  const { stack, ...rest } = describeError(error);
  expect(rest).toEqual({
    type: 'Error',
    code: '23505',
    schema: 'registry',
    table: 'event',
    constraint: 'event_stream_version_key',
  });
  expect(stack).toContain('describe-error.unit.test.ts');

  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:7410'), { code: 'ECONNREFUSED' });
  expect(describeError(refused)).toMatchObject({
    code: 'ECONNREFUSED',
    message: 'connect ECONNREFUSED 127.0.0.1:7410',
  });
  expect(describeError(new RangeError('outer', { cause: refused }))).toMatchObject({
    type: 'RangeError',
    cause: { code: 'ECONNREFUSED' },
  });
  expect(describeError('text')).toEqual({ type: 'string' });
});
