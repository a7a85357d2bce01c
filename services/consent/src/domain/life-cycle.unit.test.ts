import {
  GRANT_ACTIVATED,
  GRANT_FENCED,
  GRANT_NARROWED,
  GRANT_OFFERED,
  GRANT_PAUSED,
  GRANT_REFUSED,
  GRANT_REQUESTED,
  GRANT_RESUMED,
  GRANT_SENT_TO_REVIEW,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_STOPPED,
} from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import {
  BANK,
  GRANT,
  NOW,
  OFFER,
  OTHER_SUBJECT,
  PERSON,
  PROPOSAL,
  play,
  REQUEST,
  refusalOf,
  SERVICE,
  SHOWN,
  type Step,
  SUPERVISOR,
} from '../testing/grants.js';
import type { GrantCommand } from './command.js';
import type { Actor, GrantState } from './grant.js';

const SENSITIVE = { ...PROPOSAL, attributes: ['mobilePhone', 'incomeBand'] as ('mobilePhone' | 'incomeBand')[] };
const REQUESTED: Step[] = [[BANK, REQUEST]];
const OFFERED: Step[] = [[PERSON, OFFER]];
const ACTIVE: Step[] = [...REQUESTED, [PERSON, { move: 'give' }]];
const IN_REVIEW: Step[] = [
  [PERSON, { ...OFFER, proposal: SENSITIVE }],
  [BANK, { move: 'accept' }],
];
const PAUSED: Step[] = [...ACTIVE, [PERSON, { move: 'pause' }]];
const WITHDRAW: Step = [PERSON, { move: 'withdraw', deleteData: false }];
const fenced = (fencedVersion: number): Step => [
  SERVICE,
  { move: 'fence', fencedVersion, fence: { lane: 3, sequence: 41 } },
];

const IN: Record<GrantState, Step[]> = {
  requested: REQUESTED,
  offered: OFFERED,
  'in-review': IN_REVIEW,
  active: ACTIVE,
  paused: PAUSED,
  refused: [...REQUESTED, [PERSON, { move: 'refuse' }]],
  withdrawn: [...ACTIVE, WITHDRAW],
  ended: [...ACTIVE, [BANK, { move: 'end' }]],
  stopped: [...ACTIVE, [SUPERVISOR, { move: 'stop' }]],
  expired: [...ACTIVE, [SERVICE, { move: 'expire' }, { now: new Date('2027-01-01') }]],
};

/** The life cycle as the domain describes it, written out once more: who may move what from where to where. */
const LIFE_CYCLE: [Actor, GrantCommand, Partial<Record<GrantState, GrantState>>][] = [
  [PERSON, { move: 'give' }, { requested: 'active' }],
  [BANK, { move: 'accept' }, { offered: 'active' }],
  [PERSON, { move: 'refuse' }, { requested: 'refused', offered: 'refused', 'in-review': 'refused' }],
  [BANK, { move: 'refuse' }, { requested: 'refused', offered: 'refused', 'in-review': 'refused' }],
  [SUPERVISOR, { move: 'review', outcome: 'approve' }, { 'in-review': 'active' }],
  [SUPERVISOR, { move: 'review', outcome: 'refuse' }, { 'in-review': 'refused' }],
  [PERSON, { move: 'pause' }, { active: 'paused' }],
  [PERSON, { move: 'resume' }, { paused: 'active' }],
  [PERSON, { move: 'narrow', remove: ['mobilePhone'] }, { active: 'active', paused: 'paused' }],
  [BANK, { move: 'narrow', remove: ['mobilePhone'] }, { active: 'active', paused: 'paused' }],
  [SUPERVISOR, { move: 'narrow', remove: ['mobilePhone'] }, { active: 'active', paused: 'paused' }],
  [PERSON, { move: 'widen', add: ['email'] }, { active: 'active' }],
  [BANK, { move: 'widen', add: ['email'] }, { active: 'active' }],
  [PERSON, { move: 'withdraw', deleteData: true }, { active: 'withdrawn', paused: 'withdrawn' }],
  [BANK, { move: 'end' }, { active: 'ended', paused: 'ended' }],
  [SUPERVISOR, { move: 'stop' }, { active: 'stopped', paused: 'stopped' }],
  [SERVICE, { move: 'stop' }, { active: 'stopped', paused: 'stopped' }],
  [SERVICE, { move: 'askSnapshot' }, { active: 'active' }],
];

describe.each(LIFE_CYCLE)('%o: %o', (actor, command, leads) => {
  test.each(Object.entries(IN) as [GrantState, Step[]][])('from %s', (state, before) => {
    expect(play(...before).grant.state).toBe(state);
    const to = leads[state];
    if (to === undefined) expect(refusalOf(before, [actor, command])).toBe('wrong-state');
    else expect(play(...before, [actor, command]).grant.state).toBe(to);
  });
});

describe('nobody moves what is not theirs', () => {
  test.each([
    ['a person who did not ask', REQUESTED, { kind: 'person', subject: OTHER_SUBJECT }, { move: 'give' }],
    ['another agency', OFFERED, { kind: 'agency', agency: 'beacon-credit' }, { move: 'accept' }],
    ['another person', ACTIVE, { kind: 'person', subject: OTHER_SUBJECT }, { move: 'withdraw', deleteData: false }],
  ] as [string, Step[], Actor, GrantCommand][])('%s: the grant does not exist', (_who, before, actor, command) => {
    expect(refusalOf(before, [actor, command])).toBe('unknown-grant');
  });

  test.each([
    ['the agency cannot give to itself', REQUESTED, BANK, { move: 'give' }],
    ['the person cannot accept for the agency', OFFERED, PERSON, { move: 'accept' }],
    ['a supervisor is no side', REQUESTED, SUPERVISOR, { move: 'give' }],
    ['a side does not review', IN_REVIEW, BANK, { move: 'review', outcome: 'approve' }],
    ['only the person pauses', ACTIVE, BANK, { move: 'pause' }],
    ['only the agency ends', ACTIVE, PERSON, { move: 'end' }],
    ['only the clock expires', ACTIVE, SUPERVISOR, { move: 'expire' }],
    ['only the service asks for snapshots', ACTIVE, BANK, { move: 'askSnapshot' }],
  ] as [string, Step[], Actor, GrantCommand][])('%s', (_rule, before, actor, command) => {
    expect(refusalOf(before, [actor, command])).toBe('not-allowed');
  });

  test('an agency requests in its own name, a person offers in theirs', () => {
    expect(refusalOf([], [{ kind: 'agency', agency: 'beacon-credit' }, REQUEST])).toBe('not-allowed');
    expect(refusalOf([], [BANK, OFFER])).toBe('not-allowed');
    expect(refusalOf([], [PERSON, REQUEST])).toBe('not-allowed');
  });
});

test('a grant begins once', () => {
  expect(refusalOf(REQUESTED, [BANK, REQUEST])).toBe('wrong-state');
  expect(refusalOf(REQUESTED, [PERSON, OFFER])).toBe('wrong-state');
});

test('the events of a whole life, each with the grant’s own version and the terms after it', () => {
  const { events } = play(
    [PERSON, { ...OFFER, proposal: SENSITIVE }],
    [BANK, { move: 'accept' }],
    [SUPERVISOR, { move: 'review', outcome: 'approve' }],
    [PERSON, { move: 'pause' }],
    fenced(4),
    [PERSON, { move: 'resume' }],
    [SERVICE, { move: 'askSnapshot' }],
    [BANK, { move: 'narrow', remove: ['incomeBand'] }],
    [PERSON, { move: 'withdraw', deleteData: true }],
    fenced(9),
  );
  expect(events.map(({ type }) => type)).toEqual([
    GRANT_OFFERED,
    GRANT_SENT_TO_REVIEW,
    GRANT_ACTIVATED,
    GRANT_PAUSED,
    GRANT_FENCED,
    GRANT_RESUMED,
    GRANT_SNAPSHOT_REQUESTED,
    GRANT_NARROWED,
    GRANT_STOPPED,
    GRANT_FENCED,
  ]);
  expect(events.map(({ data }) => data.grantVersion)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(events[0]!.data).toMatchObject({
    grant: GRANT,
    shown: SHOWN,
    terms: { attributes: ['mobilePhone', 'incomeBand'] },
  });
  expect(events[7]!.data).toMatchObject({ removed: ['incomeBand'], terms: { attributes: ['mobilePhone'] } });
  expect(events[8]!.data).toMatchObject({ stop: 'withdrawn', deleteBy: '2026-03-31T08:00:00.000Z' });
  expect(events[9]!.data).toMatchObject({ fence: { lane: 3, sequence: 41 }, fencedVersion: 9 });
});

test('the person who requests nothing back gets no date of deletion', () => {
  const [, , stopped] = play(...ACTIVE, WITHDRAW).events;
  expect(stopped!.data).not.toHaveProperty('deleteBy');
});

test('a refusal says who refused', () => {
  const last = (steps: Step[]) => play(...steps).events.at(-1)!;
  expect(last([...REQUESTED, [PERSON, { move: 'refuse' }]])).toMatchObject({
    type: GRANT_REFUSED,
    data: { by: 'person' },
  });
  expect(last([...REQUESTED, [BANK, { move: 'refuse' }]]).data).toMatchObject({ by: 'agency' });
  expect(last([...IN_REVIEW, [SUPERVISOR, { move: 'review', outcome: 'refuse' }]]).data).toMatchObject({
    by: 'supervisor',
  });
  expect(play(...REQUESTED).events[0]!.type).toBe(GRANT_REQUESTED);
});

describe('validity', () => {
  const late = { now: new Date('2026-05-30T08:00:00.000Z') };
  const justInTime = { now: new Date('2026-05-30T07:59:59.999Z') };

  test('runs from the proposal, whoever answers when', () => {
    const { validFrom, validUntil } = play(...REQUESTED, [PERSON, { move: 'give' }, justInTime]).grant.terms;
    expect([validFrom, validUntil]).toEqual([NOW.toISOString(), '2026-05-30T08:00:00.000Z']);
  });

  test.each([
    ['give', REQUESTED, PERSON, { move: 'give' }],
    ['accept', OFFERED, BANK, { move: 'accept' }],
    ['review', IN_REVIEW, SUPERVISOR, { move: 'review', outcome: 'approve' }],
    ['resume', PAUSED, PERSON, { move: 'resume' }],
    ['widen', ACTIVE, PERSON, { move: 'widen', add: ['email'] }],
  ] as [string, Step[], Actor, GrantCommand][])('once it is over, nobody can %s', (_move, before, actor, command) => {
    expect(refusalOf(before, [actor, command, late])).toBe('wrong-state');
    expect(refusalOf(before, [actor, command, justInTime])).toBeUndefined();
  });

  test('nothing expires early', () => {
    const { grant, events } = play(...ACTIVE, [SERVICE, { move: 'expire' }, justInTime]);
    expect([grant.state, events.length]).toEqual(['active', 2]);
    expect(play(...PAUSED, [SERVICE, { move: 'expire' }, late]).grant.state).toBe('expired');
  });
});

describe('fences', () => {
  test('a fence is recorded once, and only for what can be fenced', () => {
    expect(play(...ACTIVE, fenced(2)).events).toHaveLength(2);
    expect(play(...PAUSED, fenced(3), fenced(3)).events).toHaveLength(4);
  });

  test('a grant that is over leaves the state with its last fence, in whatever order they come', () => {
    const both: Step[] = [...ACTIVE, [PERSON, { move: 'narrow', remove: ['employer'] }], WITHDRAW];
    expect(play(...both, fenced(4)).person.grants).toHaveProperty(GRANT);
    expect(play(...both, fenced(4), fenced(3)).person.grants).toEqual({});
    expect(play(...REQUESTED, [BANK, { move: 'refuse' }]).person.grants).toEqual({});
  });

  test('a fence that comes for a grant which is gone changes nothing', () => {
    expect(refusalOf([...ACTIVE, WITHDRAW, fenced(3)], fenced(3))).toBe('wrong-state');
  });
});

describe('the version a caller saw', () => {
  test.each([
    [1, 'stale-version'],
    [2, undefined],
    [3, 'stale-version'],
  ])('If-Match %i on version 2: %s', (ifMatch, refused) => {
    expect(refusalOf(ACTIVE, [PERSON, { move: 'pause' }, { ifMatch }])).toBe(refused);
  });

  test('a fence that came since makes no caller stale', () => {
    const before: Step[] = [...PAUSED, fenced(3)];
    for (const [ifMatch, refused] of [
      [2, 'stale-version'],
      [3, undefined],
      [4, undefined],
    ] as const) {
      expect(refusalOf(before, [PERSON, { move: 'resume' }, { ifMatch }])).toBe(refused);
    }
  });

  test('a stale caller hears so even where the move is not possible any more', () => {
    expect(refusalOf(PAUSED, [PERSON, { move: 'pause' }, { ifMatch: 2 }])).toBe('stale-version');
  });
});
