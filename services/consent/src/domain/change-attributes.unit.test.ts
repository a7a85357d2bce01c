import { type AttributeCode, GRANT_NARROWED, GRANT_WIDENED, GRANT_WIDENING_PROPOSED } from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import { BANK, PERSON, play, REQUEST, refusalOf, type Step, SUPERVISOR } from '../testing/grants.js';

const ACTIVE: Step[] = [
  [BANK, REQUEST],
  [PERSON, { move: 'give' }],
];
const widen = (actor: Step[0], ...add: AttributeCode[]): Step => [actor, { move: 'widen', add }];
const narrow = (...remove: AttributeCode[]): Step => [PERSON, { move: 'narrow', remove }];
const APPROVE: Step = [SUPERVISOR, { move: 'review', outcome: 'approve' }];

describe('narrowing', () => {
  test('takes out what is there, and says what is left', () => {
    const { events, grant } = play(...ACTIVE, narrow('email', 'employer'));
    expect(events.at(-1)).toMatchObject({ type: GRANT_NARROWED, data: { removed: ['employer'] } });
    expect(grant.terms.attributes).toEqual(['mobilePhone']);
  });

  test.each([
    ['nothing of the grant', ['email']],
    ['everything', ['mobilePhone', 'employer']],
  ] as [string, AttributeCode[]][])('of %s is refused', (_what, remove) => {
    expect(refusalOf(ACTIVE, narrow(...remove))).toBe('validation-failed');
  });
});

describe('widening', () => {
  test('one side proposes, the other side’s same attributes agree', () => {
    const proposed = play(...ACTIVE, widen(BANK, 'homeAddress', 'email'));
    expect(proposed.events.at(-1)).toMatchObject({
      type: GRANT_WIDENING_PROPOSED,
      data: { proposed: ['email', 'homeAddress'], by: 'agency', terms: { attributes: ['mobilePhone', 'employer'] } },
    });
    const agreed = play(...ACTIVE, widen(BANK, 'homeAddress', 'email'), widen(PERSON, 'email', 'homeAddress'));
    expect(agreed.events.at(-1)).toMatchObject({ type: GRANT_WIDENED, data: { added: ['email', 'homeAddress'] } });
    expect(agreed.grant.terms.attributes).toEqual(['mobilePhone', 'email', 'homeAddress', 'employer']);
    expect(agreed.grant.widening).toBeUndefined();
  });

  test('one side alone never widens, however often it asks', () => {
    const { events, grant } = play(
      ...ACTIVE,
      widen(BANK, 'email'),
      widen(BANK, 'email'),
      widen(BANK, 'homeAddress', 'email'),
    );
    expect(events.filter(({ type }) => type === GRANT_WIDENING_PROPOSED)).toHaveLength(2);
    expect(grant.terms.attributes).toEqual(['mobilePhone', 'employer']);
  });

  test('other attributes are an answer that proposes anew', () => {
    const { grant } = play(...ACTIVE, widen(BANK, 'email', 'homeAddress'), widen(PERSON, 'email'));
    expect(grant.widening).toEqual({ attributes: ['email'], agreed: ['person'] });
    const { grant: agreed } = play(
      ...ACTIVE,
      widen(BANK, 'email', 'homeAddress'),
      widen(PERSON, 'email'),
      widen(BANK, 'email'),
    );
    expect(agreed.terms.attributes).toContain('email');
  });

  test('of a reviewed attribute waits for a supervisor, while the grant goes on as it is', () => {
    const both: Step[] = [...ACTIVE, widen(PERSON, 'incomeBand'), widen(BANK, 'incomeBand')];
    expect(play(...both).grant).toMatchObject({ state: 'active', terms: { attributes: ['mobilePhone', 'employer'] } });
    expect(play(...both, APPROVE).grant.terms.attributes).toContain('incomeBand');
    expect(refusalOf([...ACTIVE, widen(PERSON, 'incomeBand')], APPROVE)).toBe('wrong-state');
    expect(refusalOf([...both, APPROVE], APPROVE)).toBe('wrong-state');
  });

  test.each([
    ['what it has already', ['employer'], 'validation-failed'],
    ['what its purpose forbids', ['ethnicGroup'], 'outside-purpose'],
    ['what its agency is not accredited for', ['education'], 'not-accredited'],
  ] as [string, AttributeCode[], string][])('by %s is refused', (_what, add, refused) => {
    expect(refusalOf(ACTIVE, widen(PERSON, ...add))).toBe(refused);
  });

  test('ends with a narrowing: who wants less has not agreed to more', () => {
    const { grant } = play(...ACTIVE, widen(PERSON, 'email'), narrow('employer', 'email'), widen(BANK, 'email'));
    expect(grant).toMatchObject({ terms: { attributes: ['mobilePhone'] }, widening: { agreed: ['agency'] } });
  });

  test('ends with the grant', () => {
    const { grant } = play(...ACTIVE, widen(BANK, 'email'), [PERSON, { move: 'withdraw', deleteData: false }]);
    expect(grant.widening).toBeUndefined();
  });
});
