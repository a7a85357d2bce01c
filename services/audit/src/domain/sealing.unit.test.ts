import { expect, test } from 'vitest';
import { type Seal, sealedBefore, sealedNow } from './sealing.js';

const at = (day: number) => Date.UTC(2026, 10, day);
const entry = (day: number, more: object = {}) => ({
  at: new Date(at(day)).toISOString(),
  kind: 'delivered' as const,
  actor: 'person:x',
  recipient: 'city-court',
  purpose: 'judicial-assistance',
  ...more,
});
const seal: Seal = { seal: 's', agency: 'city-court', instrument: 'Order 7', sealedFrom: at(10), until: at(20) };

test('a seal holds from its approval until its date, or until it is annulled', () => {
  expect(sealedNow(entry(5), [seal], at(9))).toBeUndefined();
  expect(sealedNow(entry(5), [seal], at(10))).toMatchObject({ seal: 's', instrument: 'Order 7' });
  expect(sealedNow(entry(5), [seal], at(20) - 1)).toBeDefined();
  expect(sealedNow(entry(5), [seal], at(20))).toBeUndefined();
  const annulled = { ...seal, liftedAt: at(12) };
  expect(sealedNow(entry(5), [annulled], at(12))).toBeUndefined();
  expect(sealedBefore(entry(5), [annulled], at(13))).toMatchObject({ until: new Date(at(12)).toISOString() });
});

test('it covers what the agency received, was refused or did, and nobody else', () => {
  const now = at(15);
  expect(sealedNow(entry(11, { recipient: undefined, actor: 'agency:city-court' }), [seal], now)).toBeDefined();
  expect(sealedNow(entry(11, { recipient: 'harbour-bank' }), [seal], now)).toBeUndefined();
  expect(sealedNow(entry(11, { kind: 'case' }), [seal], now)).toBeUndefined();
  const limited = { ...seal, purpose: 'judicial-assistance', since: at(8) };
  expect(sealedNow(entry(11, { purpose: 'kyc-refresh' }), [limited], now)).toBeUndefined();
  expect(sealedNow(entry(11, { purpose: undefined }), [limited], now)).toBeDefined();
  expect(sealedNow(entry(7), [limited], now)).toBeUndefined();
});

test('what came after it was lifted was never sealed, and one seal after another is known by the last', () => {
  expect(sealedBefore(entry(21), [seal], at(25))).toBeUndefined();
  const earlier = { ...seal, seal: 'e', sealedFrom: at(1), until: at(4) };
  expect(sealedBefore(entry(2), [earlier, seal], at(25))).toMatchObject({ seal: 's' });
});
