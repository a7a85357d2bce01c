import { expect, test } from 'vitest';
import { plainText } from './plain-text.js';

test('what a terminal would act on is shown instead', () => {
  expect(plainText('a\u001b[2Jb')).toBe('a\\x1b[2Jb');
  expect(plainText('one\ntwo\tthree\u009b')).toBe('one\\x0atwo\\x09three\\x9b');
  expect(plainText('code\u202egnirts')).toBe('code\\u202egnirts');
});

test('text of any language stays', () => {
  expect(plainText('林晓 Lin Xiao — é')).toBe('林晓 Lin Xiao — é');
});
