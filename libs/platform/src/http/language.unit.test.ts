import fc from 'fast-check';
import { expect, test } from 'vitest';
import { preferredLanguage } from './language.js';

test.each([
  [undefined, 'en'],
  ['zh', 'zh'],
  ['zh-Hans-CN', 'zh'],
  ['ZH-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['en-GB,zh', 'en'],
  ['en;q=0.1, zh;q=0.2', 'zh'],
  ['de, zh;q=0.5', 'zh'],
  ['zh;q=0', 'en'],
  ['zhx', 'en'],
  ['*', 'en'],
])('%s is answered in %s', (header, language) => {
  expect(preferredLanguage(header)).toBe(language);
});

test('any header has an answer', () => {
  fc.assert(fc.property(fc.string(), (header) => ['en', 'zh'].includes(preferredLanguage(header))));
});
