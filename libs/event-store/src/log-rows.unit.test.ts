import { expect, it } from 'vitest';
import { LogRows } from './log-rows.js';
import { writeUuidText } from './uuid-text.js';

const HEAD = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

it('refuses what is not the copy it asked for', () => {
  const flagged = Buffer.from(HEAD);
  flagged.writeInt32BE(1 << 16, 11);
  expect(() => new LogRows(flagged)).toThrow(/flags/);
  const narrow = new LogRows(Buffer.concat([HEAD, Buffer.from([0, 3])]));
  expect(() => narrow.next()).toThrow(/columns/);
});

it('passes over an extension of the header, and ends at the trailer', () => {
  const extended = Buffer.concat([HEAD, Buffer.from([1, 2, 3]), Buffer.from([0xff, 0xff])]);
  extended.writeInt32BE(3, 15);
  expect(new LogRows(extended).next()).toBe(false);
});

it('writes uuids as PostgreSQL does', () => {
  const target = Buffer.alloc(40, '-');
  writeUuidText(Buffer.from('ff00112233445566778899aabbccddeeff', 'hex'), 1, target, 2);
  expect(target.toString()).toBe('--00112233-4455-6677-8899-aabbccddeeff--');
});
