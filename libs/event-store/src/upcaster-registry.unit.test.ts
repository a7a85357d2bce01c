import { expect, it } from 'vitest';
import { UpcasterRegistry } from './upcaster-registry.js';

const append = (text: string) => (payload: Buffer) => Buffer.concat([payload, Buffer.from(text)]);

it('leads through every version in between, and leaves others alone', () => {
  const registry = new UpcasterRegistry();
  registry.register('a.v2', 'a.v3', append('3'));
  registry.register('a.v1', 'a.v2', append('2'));
  const upcast = (type: string) => {
    const result = registry.upcast(type, Buffer.from('1'));
    return [result.type, result.payload.toString()];
  };
  expect(upcast('a.v1')).toEqual(['a.v3', '123']);
  expect(upcast('a.v2')).toEqual(['a.v3', '13']);
  expect(upcast('a.v3')).toEqual(['a.v3', '1']);
  expect(upcast('b.v1')).toEqual(['b.v1', '1']);
});

it('refuses a second way from one version, and a way that leads back', () => {
  const registry = new UpcasterRegistry();
  registry.register('a.v1', 'a.v2', append(''));
  expect(() => registry.register('a.v1', 'a.v3', append(''))).toThrow(/already/);
  registry.register('a.v2', 'a.v3', append(''));
  expect(() => registry.register('a.v3', 'a.v1', append(''))).toThrow(/back/);
  expect(() => registry.register('b.v1', 'b.v1', append(''))).toThrow(/back/);
});
