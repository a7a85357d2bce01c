import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ATTRIBUTES,
  type AttributeCode,
  agencyStream,
  changeAttributes,
  decodeLedgerBatch,
  type HistoryEntry,
  type LedgerDecision,
  type LedgerSource,
  narrowGrant,
  type PolicyChange,
  pauseGrant,
  readAlias,
  readSanction,
  restoreAgency,
  resumeGrant,
  SOURCE_KIND,
  suspendAgency,
  tryPolicy,
  withdrawGrant,
} from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BANK, BUREAU, type Person, System } from '../faults/system.js';
import { Recipient } from '../support/recipient.js';
import { sluice } from '../support/sluice-cli.js';
import { until } from '../support/until.js';

const PERSONS = 8;
const PHONE = '+8613700000000';
const PROMPTLY = { waitS: 5 } as const;

let system: System;
let bank: Recipient;
let bureau: Recipient;
const persons: Person[] = [];
const folder = mkdtempSync(join(tmpdir(), 'sluice-what-if-'));

beforeAll(async () => {
  system = await System.start();
  bank = await Recipient.accredit(BANK, system.access, system.api);
  bureau = await Recipient.accredit(BUREAU, system.access, system.api);
  await live();
}, 300_000);

afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true });
});

/** A history with something of everything: deliveries, snapshots, pauses, narrowings, withdrawals, a suspension. */
async function live(): Promise<void> {
  for (let i = 0; i < PERSONS; i++) {
    const person = await system.person({ mobilePhone: PHONE, occupation: 'Clerk' });
    for (const { plan } of [bank, bureau]) await known(plan.code, person);
    await system.grant(person, bank);
    await system.grant(person, bureau);
    persons.push(person);
  }
  const [narrowed, paused, withdrawn] = persons as [Person, Person, Person];
  for (const person of persons) await change(person, { mobilePhone: '+8613700000001', homeAddress: address('Road 1') });
  const grantOf = (person: Person, recipient: Recipient) => ({
    token: person.token,
    params: { grant: person.grants.get(recipient.plan.code)! },
    ...PROMPTLY,
  });
  await system.api.call(narrowGrant, { ...grantOf(narrowed, bank), body: { remove: ['homeAddress'] } });
  await system.api.call(pauseGrant, grantOf(paused, bank));
  await system.api.call(withdrawGrant, { ...grantOf(withdrawn, bank), body: {} });
  await suspend(bureau);
  for (const person of persons) await change(person, { homeAddress: address('Road 2'), occupation: 'Baker' });
  await decided();
  await system.api.call(resumeGrant, grantOf(paused, bank));
  await system.api.call(restoreAgency, { token: await sol(), params: { agency: BUREAU.code } });
  for (const person of persons.slice(4)) await change(person, { mobilePhone: '+8613700000002' });
  await decided();
}

/** Resolves when consent has heard of an accreditation. */
async function known(agency: string, { token }: Person): Promise<void> {
  await until(`consent knows ${agency}`, () =>
    system.api.call(readAlias, { token, params: { agency } }).catch(() => undefined),
  );
}

const address = (text: string) => ({ division: '310115', text });
const sol = () => system.access.tokenFor('sol');

async function suspend(recipient: Recipient): Promise<void> {
  const call = { token: await sol(), params: { agency: recipient.plan.code }, body: { reason: 'a test' }, ...PROMPTLY };
  const { body } = await system.api.call(suspendAgency, call);
  if (body.effect === 'effective') return;
  await until('the suspension is effective', async () => {
    const { body: read } = await system.api.call(readSanction, { ...call, body: undefined });
    return read.effect === 'effective' ? true : undefined;
  });
}

async function change(person: Person, attributes: Record<string, unknown>): Promise<void> {
  const { body } = await system.api.call(changeAttributes, {
    token: person.token,
    params: { subject: person.subject },
    body: { attributes },
    ifMatch: person.version,
  });
  person.version = body.version;
}

/** Resolves when delivery has decided everything that registry recorded, snapshots for all that consent recorded included. */
async function decided(): Promise<void> {
  await until(
    'all is decided',
    async () => {
      const { rows } = await system.query(
        `select (select count(*) from registry.event where type like 'sluice.registry.%')
              = (select sum(registry_offset) from delivery.partition)
            and (select count(*) from consent.event where type ~ '(activated|resumed|widened|snapshot-requested)')
              = (select count(*) from registry.event where type like '%snapshot-taken%') as done`,
      );
      return (rows[0] as { done: boolean }).done || undefined;
    },
    60_000,
  );
}

const run = (args: string[], as: string[] = []) => sluice([...args, '--data-dir', system.dataDir, ...as]);
const as = (token: string) => ['--token', token];

async function resultOf<T>(args: string[], as?: string[]): Promise<T> {
  const { code, out, err } = await run([...args, '-o', 'json'], as);
  expect(code, err).toBe(0);
  return JSON.parse(out) as T;
}

/** The milliseconds at which events of a stream were recorded, by the short name of their type. */
async function recorded(service: 'consent' | 'vetting' | 'registry', stream: string): Promise<Map<string, number[]>> {
  const { rows } = await system.query(
    `select type, recorded_at from ${service}.event where stream = '${stream}' order by version`,
  );
  const times = new Map<string, number[]>();
  for (const { type, recorded_at } of rows as { type: string; recorded_at: Date }[]) {
    const name = type.split('.')[2]!;
    times.set(name, [...(times.get(name) ?? []), recorded_at.getTime()]);
  }
  return times;
}

const iso = (ms: number) => new Date(ms).toISOString();

interface LookBack {
  grants: {
    agency: string;
    state: string;
    receives: string[];
    withheld: string[];
    because?: string;
    fenced: boolean;
  }[];
  agencies: { agency: string; state: string }[];
  profile?: { version: number; attributes: Record<string, { value?: unknown; version: number }> };
}

const asOf = (person: Person, ms: number, ...more: string[]) =>
  resultOf<LookBack>(['replay', 'as-of', person.subject, '--at', iso(ms), ...more]);

test('what an agency could see changes at the very instant of a grant, a narrowing and a withdrawal', async () => {
  const [narrowed, , withdrawn] = persons as [Person, Person, Person];
  const bankOnly = ['--agency', BANK.code];
  const ofNarrowed = await recorded('consent', narrowed.subject);
  const activated = ofNarrowed.get('grant-activated')![0]!;
  expect((await asOf(narrowed, activated - 1, ...bankOnly)).grants).toMatchObject([
    { state: 'requested', receives: [] },
  ]);
  expect((await asOf(narrowed, activated, ...bankOnly)).grants).toMatchObject([
    { state: 'active', receives: ['mobilePhone', 'homeAddress'], withheld: [] },
  ]);
  const narrowing = ofNarrowed.get('grant-narrowed')![0]!;
  expect((await asOf(narrowed, narrowing - 1, ...bankOnly)).grants[0]!.receives).toEqual([
    'mobilePhone',
    'homeAddress',
  ]);
  expect((await asOf(narrowed, narrowing, ...bankOnly)).grants[0]).toMatchObject({ receives: ['mobilePhone'] });
  const stopped = (await recorded('consent', withdrawn.subject)).get('grant-stopped')![0]!;
  expect((await asOf(withdrawn, stopped - 1, ...bankOnly)).grants[0]).toMatchObject({ state: 'active' });
  expect((await asOf(withdrawn, stopped, ...bankOnly)).grants[0]).toMatchObject({
    state: 'withdrawn',
    receives: [],
    because: 'not-in-force',
    fenced: false,
  });
});

test('a suspension ends what an agency could see at its instant, and the restoration brings it back', async () => {
  const [person] = persons as [Person];
  const times = await recorded('vetting', agencyStream(BUREAU.code));
  const reach = async (ms: number) => {
    const { grants, agencies } = await asOf(person, ms, '--agency', BUREAU.code);
    return [agencies[0]!.state, grants[0]!.receives.length, grants[0]!.because];
  };
  const [suspended, restored] = [times.get('agency-suspended')![0]!, times.get('agency-restored')![0]!];
  expect(await reach(suspended - 1)).toEqual(['accredited', 2, undefined]);
  expect(await reach(suspended)).toEqual(['suspended', 0, 'agency-suspended']);
  expect(await reach(restored - 1)).toEqual(['suspended', 0, 'agency-suspended']);
  expect(await reach(restored)).toEqual(['accredited', 2, undefined]);
});

test('the person sees the values of then, an operator sees which version they were', async () => {
  const [person] = persons as [Person];
  const [registered] = (await recorded('registry', person.subject)).get('subject-registered')!;
  const args = ['replay', 'as-of', person.subject, '--at', iso(registered!)];
  const own = await resultOf<LookBack>(args, as(person.token));
  expect(own.profile).toMatchObject({ version: 1, attributes: { mobilePhone: { value: PHONE, version: 1 } } });
  const operators = await resultOf<LookBack>(args);
  expect(operators.profile!.attributes.mobilePhone).toMatchObject({ version: 1 });
  expect(JSON.stringify(operators)).not.toContain(PHONE);
  const table = await run(args);
  expect(table).toMatchObject({ code: 0, err: '' });
  expect(table.out).not.toContain(PHONE);
});

test('an agency looks back at its own grants, and at nobody else’s', async () => {
  const [person] = persons as [Person];
  const alias = await system.api.call(readAlias, { token: person.token, params: { agency: BANK.code } });
  const args = ['replay', 'as-of', alias.body.alias, '--at', iso(Date.now()), '--no-profile'];
  const own = await resultOf<LookBack>(args, as(bank.token));
  expect(own.grants).toMatchObject([{ agency: BANK.code, receives: ['mobilePhone'] }]);
  expect(await run([...args, '--agency', BUREAU.code], as(bank.token))).toMatchObject({ code: 4, out: '' });
  expect(await run(args.slice(0, -1), as(bank.token))).toMatchObject({ code: 4, out: '' });
});

test('nobody unknown, nothing ahead, and no stranger', async () => {
  const [person, other] = persons as [Person, Person];
  const at = ['--at', iso(Date.now())];
  expect(await run(['replay', 'as-of', randomUUID(), ...at])).toMatchObject({ code: 5, out: '' });
  expect(await run(['replay', 'as-of', person.subject, ...at], as(other.token))).toMatchObject({ code: 5, out: '' });
  const ahead = await run(['replay', 'as-of', person.subject, '--at', iso(Date.now() + 3_600_000)]);
  expect(ahead).toMatchObject({ code: 2, out: '', err: expect.stringContaining('query.at: not-in-the-future') });
  expect(await run(['replay', 'as-of', person.subject, '--at', 'yesterday'])).toMatchObject({ code: 2, out: '' });
  expect(await run(['replay', 'as-of', person.subject])).toMatchObject({ code: 2, out: '' });
});

test('every look back shows in the person’s history', async () => {
  const person = persons[5]!;
  const at = iso(Date.now());
  await resultOf(['replay', 'as-of', person.subject, '--at', at]);
  const readings = async () => {
    const entries = await resultOf<HistoryEntry[]>(['history', person.subject, '--kind', 'read']);
    return entries.filter(({ detail }) => detail?.endsWith(`as of ${at}`)).map(({ actor, detail }) => [actor, detail]);
  };
  const otto = 'staff:0190a000-0000-7000-8000-000000000204';
  await expect.poll(readings).toEqual(
    expect.arrayContaining([
      [otto, `codes of the profile as of ${at}`],
      [otto, `grants as of ${at}`],
    ]),
  );
});

// What follows counts the ledger in its own way: by what is recorded, without deciding anything.

interface Counted {
  refused: number;
  narrowed: number;
  widened: number;
  persons: Set<string>;
}

type Visit = (decision: LedgerDecision, source: LedgerSource) => keyof Omit<Counted, 'persons'> | undefined;

async function counted(visit: Visit, from = 0): Promise<Map<string, Counted>> {
  const { rows } = await system.query('select content from delivery.batch');
  const found = new Map<string, Counted>();
  for (const { content } of rows as { content: Buffer }[]) {
    const { decidedAt, decisions, sources } = decodeLedgerBatch(content);
    if (decidedAt < from) continue;
    for (const decision of decisions) {
      const source = sources[decision.source]!;
      const effect = source.kind <= SOURCE_KIND.snapshot ? visit(decision, source) : undefined;
      if (effect === undefined) continue;
      const key = `${decision.agency} ${decision.purpose}`;
      const count = found.get(key) ?? { refused: 0, narrowed: 0, widened: 0, persons: new Set() };
      found.set(key, count);
      count[effect] += 1;
      count.persons.add(source.subject);
    }
  }
  return found;
}

interface Trial {
  today: { touched: { agency: string; purpose: string; active: number; stopped: number; narrowed: number }[] };
  history: {
    decisions: number;
    notReproduced: number;
    persons: number;
    effects: {
      agency: string;
      purpose: string;
      refused: number;
      narrowed: number;
      widened: number;
      persons: number;
      attributes: { attribute: string; withheld: number; released: number }[];
    }[];
  };
}

function proposal(...changes: (PolicyChange | object)[]): string {
  const file = join(folder, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify({ title: 'tried out by a test', changes }));
  return file;
}

async function tried(changes: PolicyChange[], ...more: string[]): Promise<Trial> {
  const trial = await resultOf<Trial>(['replay', 'what-if', proposal(...changes), ...more]);
  expect(trial.history.notReproduced).toBe(0);
  return trial;
}

function expectSame(trial: Trial, count: Map<string, Counted>): void {
  const effects = trial.history.effects.map(({ agency, purpose, refused, narrowed, widened, persons: concerned }) => [
    `${agency} ${purpose}`,
    { refused, narrowed, widened, persons: concerned },
  ]);
  const expected = [...count].map(([key, { persons: concerned, ...counts }]) => [
    key,
    { ...counts, persons: concerned.size },
  ]);
  expect(expected.length).toBeGreaterThan(0);
  expect(Object.fromEntries(effects)).toEqual(Object.fromEntries(expected));
  const all = new Set([...count.values()].flatMap(({ persons: concerned }) => [...concerned]));
  expect(trial.history.persons).toBe(all.size);
}

const has = (decision: LedgerDecision, code: AttributeCode) =>
  (decision.attributes & (1 << ATTRIBUTES[code].bit)) !== 0;

test('a suspension, a revocation and a withdrawal refuse all that was delivered to the agency, as the ledger counts it', async () => {
  const ofBank = await counted(({ agency, outcome }) =>
    agency === BANK.code && outcome === 'delivered' ? 'refused' : undefined,
  );
  expectSame(await tried([{ kind: 'suspend-agency', agency: BANK.code }]), ofBank);
  expectSame(await tried([{ kind: 'revoke-accreditation', agency: BANK.code }]), ofBank);
  expectSame(await tried([{ kind: 'withdraw-grants', agency: BANK.code, purpose: 'kyc-refresh' }]), ofBank);
});

test('a narrower purpose narrows or refuses, attribute by attribute, as the ledger counts it', async () => {
  const trial = await tried([{ kind: 'narrow-purpose', purpose: 'kyc-refresh', remove: ['homeAddress'] }]);
  let withheld = 0;
  const count = await counted((decision, { kind }) => {
    if (decision.outcome !== 'delivered' || decision.purpose !== 'kyc-refresh') return undefined;
    if (!has(decision, 'homeAddress')) return undefined;
    withheld += 1;
    const onlyThat = decision.attributes === 1 << ATTRIBUTES.homeAddress.bit;
    return onlyThat && kind !== SOURCE_KIND.snapshot ? 'refused' : 'narrowed';
  });
  expectSame(trial, count);
  expect(trial.history.effects[0]!.attributes).toEqual([{ attribute: 'homeAddress', withheld, released: 0 }]);
});

test('the other way: what a suspension refused would have been delivered', async () => {
  const trial = await tried([{ kind: 'restore-agency', agency: BUREAU.code }]);
  expectSame(trial, await counted(({ outcome }) => (outcome === 'agency-suspended' ? 'widened' : undefined)));
});

test('a range holds the decisions made in it, whichever batches they are in', async () => {
  const { rows } = await system.query('select decided_at from delivery.batch order by decided_at');
  const times = (rows as { decided_at: Date }[]).map(({ decided_at }) => decided_at.getTime());
  const change: PolicyChange = { kind: 'suspend-agency', agency: BANK.code };
  const delivered: Visit = ({ agency, outcome }) =>
    agency === BANK.code && outcome === 'delivered' ? 'refused' : undefined;
  for (const at of [times[Math.floor(times.length / 3)]!, times[Math.floor(times.length / 2)]!]) {
    const later = await tried([change], '--from', iso(at));
    expectSame(later, await counted(delivered, at));
    const earlier = await tried([change], '--to', iso(at));
    const whole = await tried([change]);
    expect(earlier.history.decisions + later.history.decisions).toBe(whole.history.decisions);
  }
});

test('today’s active grants that it would touch are counted', async () => {
  const { rows } = await system.query(
    `select count(*)::int as active from consent.grant_record where agency = '${BANK.code}' and state = 'active'`,
  );
  const { active } = rows[0] as { active: number };
  const { today } = await tried([{ kind: 'suspend-agency', agency: BANK.code }]);
  expect(today.touched).toMatchObject([{ agency: BANK.code, purpose: 'kyc-refresh', active, stopped: active }]);
  const narrower = await tried([
    { kind: 'narrow-accreditation', agency: BANK.code, purpose: 'kyc-refresh', remove: ['homeAddress'] },
  ]);
  // One of them was narrowed to the telephone number by its person.
  expect(narrower.today.touched).toMatchObject([{ active, stopped: 0, narrowed: active - 1 }]);
});

test('whom it would have concerned comes as ids, each person once for an agency and purpose', async () => {
  const file = proposal({ kind: 'suspend-agency', agency: BANK.code });
  const { code, out } = await run(['replay', 'what-if', file, '--persons', '-o', 'jsonl']);
  expect(code).toBe(0);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { subject: string; refused: number });
  expect(lines.map(({ subject }) => subject).sort()).toEqual(persons.map(({ subject }) => subject).sort());
});

test('it sends nothing and changes nothing but the record of who tried it', async () => {
  const state = async () =>
    (
      await system.query(
        `select (select sum(ledger_sequence) from delivery.partition) as ledger,
                (select sum(last_sequence) from delivery.lane) as lanes,
                (select count(*) from consent.event where type not like 'sluice.access.%') as consent,
                (select count(*) from vetting.event where type not like 'sluice.access.%') as vetting`,
      )
    ).rows[0] as object;
  const before = await state();
  await tried([{ kind: 'revoke-accreditation', agency: BANK.code }]);
  expect(await state()).toEqual(before);
  const { rows } = await system.query(
    `select convert_from(payload, 'UTF8')::json->>'target' as target from delivery.event
      where convert_from(payload, 'UTF8')::json->>'act' = 'tryPolicy' order by position desc limit 1`,
  );
  expect((rows[0] as { target: string }).target).toMatch(
    /^policy "tried out by a test", the beginning to .*Z, from 5\.0$/,
  );
});

test('whoever may not see persons’ ids may not try policies out', async () => {
  const file = proposal({ kind: 'suspend-agency', agency: BANK.code });
  for (const whom of ['ada', 'rui', 'lin', 'harbour-bank'] as const) {
    expect(await run(['replay', 'what-if', file], as(await system.access.tokenFor(whom))), whom).toMatchObject({
      code: 4,
      out: '',
    });
  }
  expect((await run(['replay', 'what-if', file], as(await sol()))).code).toBe(0);
});

test('a cursor or a range that is none is refused', async () => {
  const refusal = async (more: object) => {
    const changes = [{ kind: 'suspend-agency', agency: BANK.code }];
    const body = { proposal: { title: 'a test', changes }, ...more };
    return (await system.api.refusal(tryPolicy, { token: await sol(), body })).problem!.errors;
  };
  for (const next of ['', '6.0', '-1.0', '0', '0.x', `0.${'9'.repeat(20)}`]) {
    expect(await refusal({ next }), next).toEqual([{ path: 'body.next', rule: 'cursor' }]);
  }
  const at = iso(Date.now());
  expect(await refusal({ from: at, to: at })).toEqual([{ path: 'body.from', rule: 'before-to' }]);
  expect(await refusal({ from: 'monday' })).toMatchObject([{ path: 'body.from' }]);
});

test('a proposal about nobody is refused with the place', async () => {
  const { code, out, err } = await run([
    'replay',
    'what-if',
    proposal({ kind: 'suspend-agency', agency: 'nobody-at-all' }),
  ]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('body.proposal.changes[0].agency: accredited-once');
});
