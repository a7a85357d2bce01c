import { randomUUID } from 'node:crypto';
import {
  endGrant,
  GRANT_FENCED,
  GRANT_STOPPED,
  laneOf,
  listGrants,
  narrowGrant,
  readConsentReceiptKey,
  readGrant,
  readReceipt,
  type StopReply,
  stopGrant,
  withdrawGrant,
} from '@sluice/contracts';
import { verifyReceipt } from '@sluice/vault';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ConsentUnderTest, type Pair } from '../testing/consent-under-test.js';
import type { SeenEvent } from '../testing/topics.js';

const consent = await ConsentUnderTest.start();
const { delivery } = consent;
afterAll(() => consent.stop());
afterEach(() => {
  delivery.answering = true;
});
const agency = await consent.agency();
const supervisor = await consent.issuer.staff('supervisor', 'sol');
const receiptUrl = (grant: string) => `/grants/${grant}/receipt`;

/** The stop of a grant that delivery has not answered. */
async function stopOf(grant: string, version: number): Promise<SeenEvent> {
  const [event] = await consent.events.until(({ data }) => data.grant === grant && data.grantVersion === version);
  return event!;
}

async function proven({ receipt }: StopReply): Promise<Record<string, unknown>> {
  const { body } = await consent.call(readConsentReceiptKey);
  return verifyReceipt(receipt!, body.keys[0]!);
}

test('a withdrawal that is fenced in time is answered with its receipt, which anybody can check', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const { status, body, headers } = await consent.call(withdrawGrant, { as: pair.person, params: { grant } });
  expect([status, headers.get('etag')]).toEqual([200, '"3"']);
  expect(body).toMatchObject({
    grant,
    version: 3,
    state: 'withdrawn',
    effect: 'effective',
    receiptUrl: receiptUrl(grant),
  });
  expect(body.fence!.lane).toBe(laneOf(pair.subject));
  const statement = await proven(body);
  expect(statement).toEqual({
    type: 'grant-stop',
    grant,
    subject: pair.alias,
    agency,
    state: 'withdrawn',
    grantVersion: 3,
    ...body.fence,
    recordedAt: expect.any(String),
    effectiveAt: expect.any(String),
  });
  const [fenced] = await consent.events.until(({ data, type }) => data.grant === grant && type === GRANT_FENCED);
  expect(fenced!.data).toMatchObject({ fence: body.fence, fencedVersion: 3, grantVersion: 4 });

  const views = await Promise.all([
    consent.call(readGrant, { as: pair.person, params: { grant } }),
    consent.call(readGrant, { as: pair.bank, params: { grant } }),
  ]);
  for (const view of views) expect(view.body).toMatchObject({ state: 'withdrawn', receipt: body.receipt });
});

test.each([
  [false, undefined],
  [true, 30],
])('deleteData %s: the agency owes a deletion within %s days', async (deleteData, days) => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const before = Date.now();
  await consent.call(withdrawGrant, { as: pair.person, params: { grant }, body: { deleteData } });
  const [stopped] = await consent.events.until(({ data, type }) => data.grant === grant && type === GRANT_STOPPED);
  const { deleteBy } = stopped!.data as { deleteBy?: string };
  if (days === undefined) expect(deleteBy).toBeUndefined();
  else expect(Date.parse(deleteBy!) - before - days * 86_400_000).toBeLessThan(10_000);
});

test('while delivery is behind, a withdrawal is recorded, and its receipt comes later to both sides', async () => {
  delivery.answering = false;
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const withdrawn = await consent.call(withdrawGrant, { as: pair.person, params: { grant }, wait: 0 });
  expect([withdrawn.status, withdrawn.headers.get('location')]).toEqual([202, receiptUrl(grant)]);
  expect(withdrawn.body).toEqual({
    grant,
    version: 3,
    state: 'withdrawn',
    effect: 'recorded',
    receiptUrl: receiptUrl(grant),
  });
  const early = await consent.call(readReceipt, { as: pair.bank, params: { grant }, wait: 0 });
  expect([early.status, early.body.effect]).toEqual([202, 'recorded']);

  const waiting = [pair.person, pair.bank].map((as) => consent.call(readReceipt, { as, params: { grant }, wait: 5 }));
  await delivery.answer(await stopOf(grant, 3));
  const [person, bank] = await Promise.all(waiting);
  expect(person!.status).toBe(200);
  expect(person!.body.effect).toBe('effective');
  expect(bank!.body).toEqual(person!.body);
});

test('repeated with the same key, a withdrawal is the same one and gets the same receipt', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const call = { as: pair.person, params: { grant }, key: randomUUID() };
  const first = await consent.call(withdrawGrant, call);
  const again = await consent.call(withdrawGrant, call);
  expect([again.status, again.body]).toEqual([200, first.body]);
  const other = await consent.call(withdrawGrant, { ...call, key: randomUUID() });
  expect([other.status, other.problem]).toEqual([409, 'wrong-state']);
  const mismatch = await consent.call(withdrawGrant, { ...call, body: { deleteData: true } });
  expect(mismatch.problem).toBe('idempotency-mismatch');
});

test('a fence that is published again changes nothing', async () => {
  delivery.answering = false;
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  await consent.call(withdrawGrant, { as: pair.person, params: { grant }, wait: 0 });
  const stop = await stopOf(grant, 3);
  const id = randomUUID();
  await delivery.answer(stop, id, 7);
  await delivery.answer(stop, id, 7);
  await delivery.answer(stop, randomUUID(), 8);
  const { body } = await consent.call(readReceipt, { as: pair.person, params: { grant }, wait: 5 });
  expect(body.fence!.sequence).toBe(7);
  const other = await consent.agreed(pair);
  const last = await consent.call(withdrawGrant, { as: pair.person, params: { grant: other.grant }, wait: 0 });
  await delivery.answer(await stopOf(other.grant, last.body.version));
  await consent.call(readReceipt, { as: pair.person, params: { grant: other.grant }, wait: 5 });
  const fenced = consent.events.seen.filter(({ data, type }) => data.grant === grant && type === GRANT_FENCED);
  expect(fenced).toHaveLength(1);
});

test('withdrawal and narrowing at once: both are fenced, each caller gets a receipt of their own', async () => {
  for (let round = 0; round < 5; round++) {
    const pair = await consent.pair(agency);
    const { grant } = await consent.agreed(pair);
    const [withdrawn, narrowed] = await Promise.all([
      consent.call(withdrawGrant, { as: pair.person, params: { grant } }),
      consent.call(narrowGrant, { as: pair.bank, params: { grant }, body: { remove: ['employer'] } }),
    ]);
    expect(withdrawn.status).toBe(200);
    const { grantVersion, state } = await proven(withdrawn.body);
    expect(state).toBe('withdrawn');
    if (narrowed.status === 200) {
      const statement = await proven(narrowed.body);
      expect(statement).toMatchObject({ state: 'active', attributes: ['mobilePhone'], grantVersion: 3 });
      expect(Number(grantVersion)).toBeGreaterThan(3);
    } else {
      expect([narrowed.problem, grantVersion]).toEqual(['wrong-state', 3]);
    }
    const { body } = await consent.call(readReceipt, { as: pair.person, params: { grant } });
    expect(body).toEqual(withdrawn.body);
  }
});

test('agency and supervisor stop a grant too; the person keeps the receipt', async () => {
  const pair = await consent.pair(agency);
  const ended = await consent.agreed(pair);
  const stopped = await consent.accepted(pair);
  const end = await consent.call(endGrant, { as: pair.bank, params: { grant: ended.grant } });
  const stop = await consent.call(stopGrant, { as: supervisor, params: { grant: stopped.grant } });
  expect([end.body.state, stop.body.state]).toEqual(['ended', 'stopped']);
  for (const { body } of [end, stop]) {
    const receipt = await consent.call(readReceipt, { as: pair.person, params: { grant: body.grant } });
    expect(receipt.body).toEqual(body);
  }
  const records = await consent.accesses.until(({ data }) => data.target === `grant:${stopped.grant}`);
  expect(records[0]!.data).toMatchObject({ by: 'staff:sol', act: 'stopGrant' });
});

test('what never was active is refused, not stopped', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.requested(pair);
  for (const call of [
    consent.call(withdrawGrant, { as: pair.person, params: { grant } }),
    consent.call(endGrant, { as: pair.bank, params: { grant } }),
    consent.call(stopGrant, { as: supervisor, params: { grant } }),
    consent.call(readReceipt, { as: pair.person, params: { grant } }),
  ]) {
    expect(await call).toMatchObject({ status: 409, problem: 'wrong-state' });
  }
});

test('nobody else stops a grant, nor reads its receipt', async () => {
  const pair = await consent.pair(agency);
  const stranger = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  for (const call of [
    consent.call(withdrawGrant, { as: stranger.person, params: { grant } }),
    consent.call(endGrant, { as: stranger.bank, params: { grant } }),
    consent.call(readReceipt, { as: stranger.person, params: { grant } }),
    consent.call(stopGrant, { as: supervisor, params: { grant: randomUUID() } }),
  ]) {
    expect(await call).toMatchObject({ status: 404, problem: 'unknown-grant' });
  }
  expect(await consent.call(withdrawGrant, { as: pair.bank, params: { grant } })).toMatchObject({
    problem: 'not-allowed',
  });
});

test('a supervisor who reads a receipt is recorded before it is shown', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  await consent.call(withdrawGrant, { as: pair.person, params: { grant } });
  expect((await consent.call(readReceipt, { as: supervisor, params: { grant } })).status).toBe(200);
  expect((await consent.call(readGrant, { as: supervisor, params: { grant } })).body.subject).toBe(pair.subject);
  const records = await consent.accesses.until(({ data }) => data.subject === pair.subject, 2);
  // Each record has a stream of its own, so the two may come from different partitions, in either order.
  expect(new Set(records.map(({ data }) => data))).toEqual(
    new Set([
      { subject: pair.subject, by: 'staff:sol', what: 'receipt' },
      { subject: pair.subject, by: 'staff:sol', what: 'grant' },
    ]),
  );
});

const GROUP_SETTLES_MS = 180_000;

/**
 * Asks for the receipt as often as a client would, until the stop is effective. A consumer that stops while its group
 * shares itself out may be missed only when its session ends.
 */
async function effective(pair: Pair, grant: string, at = consent.instances[0]!) {
  for (let tries = 1; ; tries++) {
    const receipt = await consent.call(readReceipt, { as: pair.person, params: { grant }, at, wait: 5 });
    if (receipt.status === 200 || tries === 24) return receipt;
  }
}

test(
  'the caller gets the receipt whichever of two instances hears the fence',
  async () => {
    const second = await consent.startInstance();
    const pairs: Pair[] = await Promise.all(Array.from({ length: 24 }, () => consent.pair(agency)));
    const lanes = new Set(pairs.map(({ subject }) => laneOf(subject)));
    expect(lanes.size).toBeGreaterThan(3);
    const answers = await Promise.all(
      pairs.map(async (pair, i) => {
        const { grant } = await consent.agreed(pair);
        const at = consent.instances[i % 2]!;
        const answer = await consent.call(withdrawGrant, { as: pair.person, params: { grant }, at, wait: 5 });
        // The group of the consumers shares itself out anew meanwhile, which may take longer than a call may wait.
        return answer.status === 200 ? answer : effective(pair, grant, at);
      }),
    );
    expect(answers.map(({ body }) => body.effect)).toEqual(Array(24).fill('effective'));
    await consent.stopInstance(second);
    const { grant } = await consent.agreed(pairs[0]!);
    const after = await consent.call(withdrawGrant, { as: pairs[0]!.person, params: { grant }, wait: 5 });
    const settled = after.status === 200 ? after : await effective(pairs[0]!, grant);
    expect(settled.body.effect).toBe('effective');
  },
  GROUP_SETTLES_MS,
);

test(
  'a stop that is recorded before a restart gets its receipt after it',
  async () => {
    delivery.answering = false;
    const pair = await consent.pair(agency);
    const { grant } = await consent.agreed(pair);
    const { body } = await consent.call(withdrawGrant, { as: pair.person, params: { grant }, wait: 0 });
    const stop = await stopOf(grant, body.version);
    await consent.stopInstance(consent.instances[0]!);
    await delivery.answer(stop);
    await consent.startInstance();
    const late = await effective(pair, grant);
    expect(late.body.effect).toBe('effective');
    const { body: list } = await consent.call(listGrants, { as: pair.person });
    expect(list.grants[0]).toMatchObject({ grant, state: 'withdrawn', receipt: late.body.receipt });
  },
  GROUP_SETTLES_MS,
);
