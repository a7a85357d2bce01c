import {
  ATTRIBUTES,
  type AttributeCode,
  consentEvents,
  GRANT_ACTIVATED,
  GRANT_NARROWED,
  GRANT_PAUSED,
  GRANT_STOPPED,
} from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ACCREDITED,
  BANK,
  factsOf,
  GRANT,
  NOW,
  OFFER,
  OTHER_SUBJECT,
  PERSON,
  PROPOSAL,
  REQUEST,
  SERVICE,
  SUPERVISOR,
} from '../testing/grants.js';
import type { Facts, GrantCommand } from './command.js';
import { type Actor, type GrantEvent, type GrantState, isRefused } from './grant.js';
import { decideFor, evolvePerson, NO_GRANTS, type PersonGrants } from './person-grants.js';

const POOL: AttributeCode[] = ['mobilePhone', 'email', 'homeAddress', 'employer', 'incomeBand'];
const DAY_MS = 86_400_000;

/** What any observer knows: who said yes to which attributes, and where the grant stands. */
interface Model {
  state: GrantState | 'none';
  asked: readonly AttributeCode[];
  yes: { person: Set<AttributeCode>; agency: Set<AttributeCode>; supervisor: Set<AttributeCode> };
  day: number;
}

interface Real {
  person: PersonGrants;
  events: GrantEvent[];
}

/** From where to where a grant may move at all. */
const MAY_BECOME: Record<Model['state'], Model['state'][]> = {
  none: ['requested', 'offered'],
  requested: ['active', 'in-review', 'refused'],
  offered: ['active', 'in-review', 'refused'],
  'in-review': ['active', 'refused'],
  active: ['active', 'paused', 'withdrawn', 'ended', 'expired', 'stopped'],
  paused: ['paused', 'active', 'withdrawn', 'ended', 'expired', 'stopped'],
  withdrawn: [],
  ended: [],
  expired: [],
  stopped: [],
  refused: [],
};

class Call implements fc.Command<Model, Real> {
  constructor(
    readonly actor: Actor,
    readonly command: GrantCommand,
    readonly laterDays: number,
    readonly accredited: boolean,
  ) {}

  /** Grants begin once: the service gives each a new id. */
  check({ state }: Readonly<Model>): boolean {
    return state === 'none' || (this.command.move !== 'request' && this.command.move !== 'offer');
  }

  run(model: Model, real: Real): void {
    model.day += this.laterDays;
    const facts: Facts = {
      ...factsOf(this.actor),
      now: new Date(NOW.getTime() + model.day * DAY_MS),
      accreditation: this.accredited ? ACCREDITED : { ...ACCREDITED, state: 'suspended' },
    };
    const before = real.person;
    const decided = decideFor(before, GRANT, this.command, facts);
    if (isRefused(decided) || decided.event === undefined) return;
    const { event, grant, person } = decided;
    consentEvents[event.type].parse(event.data);
    expect(person).toEqual(evolvePerson(before, event));
    expect(event.data.grantVersion).toBe(real.events.length + 1);
    real.person = person;
    real.events.push(event);
    this.#count(model);
    if (this.command.move !== 'fence') expect(MAY_BECOME[model.state]).toContain(grant.state);
    model.state = grant.state;
    if (grant.state !== 'active' && grant.state !== 'paused') return;
    for (const attribute of grant.terms.attributes) {
      expect(model.yes.person).toContain(attribute);
      expect(model.yes.agency).toContain(attribute);
      if (ATTRIBUTES[attribute].reviewed) expect(model.yes.supervisor).toContain(attribute);
    }
    if (event.type === GRANT_ACTIVATED) expect(this.accredited).toBe(true);
  }

  /** What an accepted call says yes to, or takes back. */
  #count(model: Model): void {
    const { command } = this;
    const { person, agency, supervisor } = model.yes;
    const own = this.actor.kind === 'person' ? person : agency;
    switch (command.move) {
      case 'request':
      case 'offer':
        model.asked = command.proposal.attributes;
        addAll(own, model.asked);
        break;
      case 'give':
      case 'accept':
        addAll(own, model.asked);
        break;
      case 'widen':
        addAll(own, command.add);
        break;
      case 'review':
        addAll(
          supervisor,
          [...person].filter((attribute) => agency.has(attribute)),
        );
        break;
      case 'narrow':
        for (const attribute of command.remove) for (const yes of [person, agency, supervisor]) yes.delete(attribute);
    }
  }

  toString(): string {
    return `${JSON.stringify(this.actor)} ${JSON.stringify(this.command)} +${this.laterDays}d ${this.accredited}`;
  }
}

function addAll(set: Set<AttributeCode>, attributes: Iterable<AttributeCode>): void {
  for (const attribute of attributes) set.add(attribute);
}

const attributes = fc.uniqueArray(fc.constantFrom(...POOL), { minLength: 1, maxLength: 3 });
const actor = fc.constantFrom<Actor>(
  PERSON,
  BANK,
  SUPERVISOR,
  SERVICE,
  { kind: 'person', subject: OTHER_SUBJECT },
  {
    kind: 'agency',
    agency: 'beacon-credit',
  },
);
const command = fc.oneof(
  attributes.map((some): GrantCommand => ({ ...REQUEST, proposal: { ...PROPOSAL, attributes: some } })),
  attributes.map((some): GrantCommand => ({ ...OFFER, proposal: { ...PROPOSAL, attributes: some } })),
  attributes.map((remove): GrantCommand => ({ move: 'narrow', remove })),
  attributes.map((add): GrantCommand => ({ move: 'widen', add })),
  fc.boolean().map((deleteData): GrantCommand => ({ move: 'withdraw', deleteData })),
  fc.constantFrom('approve' as const, 'refuse' as const).map((outcome): GrantCommand => ({ move: 'review', outcome })),
  fc.nat(14).map(
    (fencedVersion): GrantCommand => ({
      move: 'fence',
      fencedVersion,
      fence: { lane: 0, sequence: fencedVersion + 1 },
    }),
  ),
  fc
    .constantFrom('give', 'accept', 'refuse', 'pause', 'resume', 'end', 'stop', 'expire', 'askSnapshot')
    .map((move) => ({ move }) as GrantCommand),
);
const call = fc
  .tuple(actor, command, fc.constantFrom(0, 0, 0, 0, 40), fc.constantFrom(true, true, true, false))
  .map((parts) => new Call(...parts));
/** Calls that go together oftener than chance would have it, so that long lives are seen. */
const sensible = fc.constantFrom(
  new Call(BANK, REQUEST, 0, true),
  new Call(PERSON, { move: 'give' }, 0, true),
  new Call(PERSON, { move: 'pause' }, 0, true),
  new Call(PERSON, { move: 'resume' }, 0, true),
  new Call(SUPERVISOR, { move: 'review', outcome: 'approve' }, 0, true),
  new Call(BANK, { move: 'widen', add: ['incomeBand', 'email'] }, 0, true),
  new Call(PERSON, { move: 'widen', add: ['incomeBand', 'email'] }, 0, true),
  new Call(BANK, { move: 'widen', add: ['email'] }, 0, true),
  new Call(PERSON, { move: 'widen', add: ['email'] }, 0, true),
);

test('whatever is called by whomever, nothing flows that both sides did not agree to', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.commands([call, sensible, sensible], { maxCommands: 40, size: 'max' }), (calls) => {
      const model: Model = {
        state: 'none',
        asked: [],
        yes: { person: new Set(), agency: new Set(), supervisor: new Set() },
        day: 0,
      };
      const real: Real = { person: NO_GRANTS, events: [] };
      fc.modelRun(() => ({ model, real }), calls);
      for (const { type } of real.events) seen.add(type);
      const stops = real.events.filter(({ type }) =>
        [GRANT_STOPPED, GRANT_PAUSED, GRANT_NARROWED].includes(type as never),
      );
      const rebuilt = real.events.reduce(evolvePerson, NO_GRANTS);
      expect(rebuilt).toEqual(real.person);
      const unfenced = real.person.grants[GRANT]?.unfenced ?? [];
      expect(stops.map(({ data }) => data.grantVersion)).toEqual(expect.arrayContaining([...unfenced]));
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].sort()).toEqual(Object.keys(consentEvents).sort());
});
