import { Injectable } from '@nestjs/common';
import { type GrantView, JSON_CONTENT, type Principal } from '@sluice/contracts';
import {
  type Command,
  type EventContext,
  EventStore,
  type Executed,
  type Outcome,
  type SqlEffect,
} from '@sluice/event-store';
import { ProblemException, type Refusal, type RequestContext, refuse } from '@sluice/platform';
import type { Accreditation } from '../domain/accreditation.js';
import type { CommandOf, Facts, GrantCommand, ShownText } from '../domain/command.js';
import { type Actor, concerns, isRefused, viewOf } from '../domain/grant.js';
import { decideFor, NO_GRANTS, type PersonGrants } from '../domain/person-grants.js';
import { Grants } from './grants.js';
import { recordingAct } from './recording-act.js';
import { ShownTexts } from './shown-texts.js';
import { Stops } from './stops.js';
import { Viewpoint } from './viewpoint.js';

/** The part of a request that a command needs; see `InputOf` of the platform. */
export interface CommandInput {
  readonly principal: Principal;
  readonly context: RequestContext;
  readonly idempotencyKey: string;
  readonly requestDigest: Buffer;
  readonly ifMatch: number | undefined;
}

/** One command on one grant of a person, with everything its decision depends on. */
export interface GrantTask {
  readonly subject: string;
  readonly grant: string;
  readonly command: GrantCommand;
  readonly facts: Facts;
  readonly context: EventContext;
  /** What the person saw when agreeing. */
  readonly shown?: ShownText | undefined;
  /** To be written with the event. */
  readonly effects?: readonly SqlEffect[];
}

type Answered = GrantView | Refusal;

/** Runs decisions about grants: event, state, read models and records in one transaction on the person's stream. */
@Injectable()
export class GrantCommands {
  constructor(
    private readonly store: EventStore,
    private readonly grants: Grants,
    private readonly viewpoint: Viewpoint,
  ) {}

  /** A request or an offer: the first event of a grant. */
  async begin(
    subject: string,
    command: CommandOf<'request' | 'offer'>,
    accreditation: Accreditation | undefined,
    input: CommandInput,
  ): Promise<Answered> {
    const shown = command.move === 'offer' ? command.shown : undefined;
    const facts = { actor: actorFor(input.principal), now: new Date(), accreditation };
    return this.#answer({ subject, grant: command.grant, command, facts, context: input.context, shown }, input);
  }

  /** A move on a grant that has begun. The view is of the moment of the move, also when the same request is repeated. */
  async move(
    grant: string,
    command: Exclude<GrantCommand, { move: 'request' | 'offer' | 'fence' }>,
    input: CommandInput,
    shown?: ShownText,
  ): Promise<Answered> {
    const actor = actorFor(input.principal);
    const parties = await this.grants.partiesOf(grant);
    if (parties === undefined || !concerns(actor, parties)) return refuse('unknown-grant');
    const { subject, accreditation } = parties;
    const facts = { actor, now: new Date(), accreditation, ifMatch: input.ifMatch };
    return this.#answer({ subject, grant, command, facts, context: input.context, shown }, input);
  }

  /** A task of this service itself, in a batch with whatever else is waiting. */
  async run(task: GrantTask): Promise<void> {
    await this.store.execute(commandOf(task, viewOf));
  }

  /** Tasks of this service itself, in one transaction with what `withAll` adds; gives how many changed something. */
  async runAll(tasks: readonly GrantTask[], withAll?: () => SqlEffect[]): Promise<number> {
    const commands = tasks.map((task) => commandOf(task, viewOf));
    const results = await this.store.executeAll<Answered>(commands, withAll);
    return results.filter((result) => result.kind === 'done' && result.appended).length;
  }

  async #answer(task: GrantTask, input: CommandInput): Promise<Answered> {
    const { idempotencyKey: key, requestDigest } = input;
    const command: Command<Answered> = {
      ...commandOf(task, (grant) => this.viewpoint.of(input.principal, viewOf(grant))),
      idempotency: { key, requestDigest },
    };
    const byStaff = input.principal.kind === 'staff';
    return replyOf(await (byStaff ? this.#administer(command, task, input) : this.store.execute(command)));
  }

  /** An act of the centre's staff is recorded in access.events too. */
  async #administer(command: Command<Answered>, task: GrantTask, input: CommandInput): Promise<Executed<Answered>> {
    let acted = false;
    const watched: Command<Answered> = {
      ...command,
      decide: (current) => {
        const outcome = command.decide(current);
        acted = outcome.kind === 'append';
        return outcome;
      },
    };
    const act = { name: `${task.command.move}Grant`, target: `grant:${task.grant}` };
    const record = recordingAct<Answered>(act, input, refuse('already-exists'), () => acted);
    const [executed] = await this.store.executeAll([watched, record]);
    return executed!;
  }
}

/** The actor a principal is in the life cycle; of the staff, only supervisors are let this far. */
export function actorFor(principal: Principal): Actor {
  switch (principal.kind) {
    case 'person':
      return { kind: 'person', subject: principal.subject };
    case 'agency':
      return { kind: 'agency', agency: principal.agency };
    case 'staff':
      return { kind: 'supervisor' };
  }
}

/** The person who calls. @throws ProblemException for anybody else, whom the contract should not have admitted */
export function subjectOf(principal: Principal): string {
  if (principal.kind !== 'person') throw new ProblemException('not-allowed');
  return principal.subject;
}

/** The agency that calls. @throws ProblemException for anybody else, whom the contract should not have admitted */
export function agencyOf(principal: Principal): string {
  if (principal.kind !== 'agency') throw new ProblemException('not-allowed');
  return principal.agency;
}

function commandOf(task: GrantTask, view: (grant: Parameters<typeof viewOf>[0]) => GrantView): Command<Answered> {
  const { subject, grant, command, facts, context } = task;
  return {
    stream: subject,
    context,
    decide: ({ state }): Outcome<Answered> => {
      const decided = decideFor(read(state), grant, command, facts);
      if (isRefused(decided)) return { kind: 'nothing', reply: decided };
      const reply = view(decided.grant);
      if (decided.event === undefined) return { kind: 'nothing', reply };
      const { type, data } = decided.event;
      return {
        kind: 'append',
        events: [{ type, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) }],
        state: Buffer.from(JSON.stringify(decided.person)),
        reply,
        effects: [
          Grants.saving(decided.grant),
          ...Stops.recording(decided.event, decided.grant, facts.now),
          ...ShownTexts.keeping(decided.grant, task.shown, facts.now),
          ...(task.effects ?? []),
        ],
      };
    },
  };
}

function replyOf(executed: Executed<Answered>): Answered {
  switch (executed.kind) {
    case 'done':
      return executed.reply;
    case 'idempotency-mismatch':
      return refuse('idempotency-mismatch');
    case 'event-too-large':
      return refuse('event-too-large');
    case 'constraint':
      throw new Error(`the read model's ${executed.constraint} contradicts the person's stream`);
  }
}

function read(state: Buffer | null): PersonGrants {
  return state === null ? NO_GRANTS : (JSON.parse(state.toString()) as PersonGrants);
}
