import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { attributeSet, type LedgerDecision, NIL_UUID, SOURCE_KIND, ValueTexts } from '@sluice/contracts';
import { openBlock } from '@sluice/vault';
import { expect, test } from 'vitest';
import type { RenderSource } from '../domain/render.js';
import type { Aliases } from './aliases.js';
import { BLOCK_MAX_BYTES, BLOCK_MAX_DELIVERIES, makeBlocks, remakeBlock, type SealedBlock } from './blocks.js';

const KEY = { kid: 'bank.1', key: createSecretKey(randomBytes(32)), wrapped: '' };
const ALIASES = { of: (_: LedgerDecision, subject: string) => `alias of ${subject}` } as Aliases;
const BEFORE = { sequence: 41, digest: Buffer.alloc(32, 9) };
const TIME = '2026-11-25T01:02:03.004Z';

function decisionOn(source: number, attributes = attributeSet(['homeAddress', 'mobilePhone'])): LedgerDecision {
  const grant = randomUUID();
  return {
    source,
    agency: 'bank',
    outcome: 'delivered',
    grant,
    grantVersion: 2,
    attributes,
    purpose: 'kyc-refresh',
    basis: 'consent',
  };
}

function changeOf(values: Record<string, unknown>): RenderSource {
  const set = attributeSet(Object.keys(values) as never);
  const text = Buffer.from(JSON.stringify({ attributes: values }));
  return { kind: SOURCE_KIND.changed, time: TIME, values: ValueTexts.of(text, set) };
}

function lookupOf(renders: readonly RenderSource[]) {
  return { render: (source: number) => renders[source]!, subject: (source: number) => `subject ${source}` };
}

function made(decisions: readonly LedgerDecision[], renders: readonly RenderSource[]): SealedBlock[] {
  const deliveries = { agency: 'bank', lane: 3, keyEpoch: 1, key: KEY, decisions };
  return makeBlocks(deliveries, BEFORE, lookupOf(renders), ALIASES);
}

function textOf({ ledger: { first, count, previous }, value }: SealedBlock): string {
  const place = { agency: 'bank', lane: 3, first, count, previous: previous.toString('hex') };
  return openBlock(KEY.key, place, value).toString();
}

function eventsOf(block: SealedBlock): { sequence: string; data: { attributes: Record<string, unknown> } }[] {
  return JSON.parse(textOf(block));
}

test('a delivery holds the granted values, as they were sealed, and nothing else of the change', () => {
  const values = { mailingAddress: 'secret', homeAddress: { text: '文三路 "1" 号 😀' }, mobilePhone: '+86' };
  const [block] = made([decisionOn(0)], [changeOf(values)]);
  expect(eventsOf(block!)).toEqual([
    {
      specversion: '1.0',
      id: 'bank.3.42',
      source: '/delivery',
      type: 'sluice.feed.profile-changed.v1',
      time: TIME,
      sequence: '42',
      datacontenttype: 'application/json',
      subject: 'alias of subject 0',
      grant: expect.any(String),
      purpose: 'kyc-refresh',
      basis: 'consent',
      data: { attributes: { homeAddress: values.homeAddress, mobilePhone: '+86' } },
    },
  ]);
});

test('an empty snapshot, a notice to an agency and a replay stand in one block', () => {
  const empty: RenderSource = { ...changeOf({}), kind: SOURCE_KIND.snapshot };
  const suspended: RenderSource = { kind: SOURCE_KIND.agencySuspended, time: TIME };
  const again: RenderSource = { ...changeOf({ mobilePhone: '1' }), replay: 'plan' };
  const notice = { ...decisionOn(1, 0), grant: NIL_UUID, purpose: null, basis: null };
  const decisions = [decisionOn(0, 0), notice, decisionOn(2, attributeSet(['mobilePhone']))];
  const [block] = made(decisions, [empty, suspended, again]);
  expect(eventsOf(block!)).toMatchObject([
    { type: 'sluice.feed.snapshot.v1', data: { attributes: {} } },
    { type: 'sluice.feed.agency-suspended.v1', data: { state: 'suspended' } },
    { replay: 'plan', data: { attributes: { mobilePhone: '1' } } },
  ]);
});

test.each([
  ['many', BLOCK_MAX_DELIVERIES * 2 + 1, 1],
  ['large', 20, 60_000],
  ['larger than a block', 3, BLOCK_MAX_BYTES * 2],
])('%s deliveries are cut into blocks that follow each other, and are made again byte for byte', (_, count, size) => {
  const renders = Array.from({ length: count }, (_, i) =>
    changeOf({ homeAddress: `${i}`.padEnd(size, '街'), mobilePhone: i }),
  );
  const decisions = renders.map((_, i) => decisionOn(i));
  const blocks = made(decisions, renders);
  expect(blocks.length).toBeGreaterThan(1);

  let next = BEFORE.sequence + 1;
  let previous: Buffer = BEFORE.digest;
  for (const block of blocks) {
    const { ledger, value } = block;
    expect(ledger.first).toBe(next);
    expect(ledger.previous).toEqual(previous);
    expect(ledger.count).toBeLessThanOrEqual(BLOCK_MAX_DELIVERIES);
    if (ledger.count > 1) expect(Buffer.byteLength(textOf(block))).toBeLessThanOrEqual(BLOCK_MAX_BYTES);
    const numbers = eventsOf(block).map(({ sequence, data }) => [Number(sequence), data.attributes.mobilePhone]);
    const expected = Array.from({ length: ledger.count }, (_, i) => [next + i, next + i - BEFORE.sequence - 1]);
    expect(numbers).toEqual(expected);
    const own = decisions.slice(next - BEFORE.sequence - 1, next - BEFORE.sequence - 1 + ledger.count);
    expect(remakeBlock(ledger, 3, KEY, own, lookupOf(renders), ALIASES).equals(value)).toBe(true);
    next += ledger.count;
    previous = ledger.digest;
  }
  expect(next).toBe(BEFORE.sequence + 1 + count);
});
