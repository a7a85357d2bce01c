import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  ACCESS_ADMINISTERED,
  type AccessEventData,
  type AgencyView,
  agencyStream,
  JSON_CONTENT,
} from '@sluice/contracts';
import {
  type Command,
  EventStore,
  EventStoreError,
  type Executed,
  type NewEvent,
  type Outcome,
  type SqlEffect,
} from '@sluice/event-store';
import { ProblemException, type Refusal, type RequestContext, refuse } from '@sluice/platform';
import { type Agency, type Decision, viewOf } from '../domain/agency.js';
import { Agencies } from './agencies.js';
import { Sanctions } from './sanctions.js';

/** Decides on the agency as it stands. Pure: it runs again when another writer was first. */
export type Decide = (agency: Agency | undefined) => Decision;

/** The part of a request that a command needs; see `InputOf` of the platform. */
interface CommandInput {
  readonly context: RequestContext;
  readonly idempotencyKey: string;
  readonly requestDigest: Buffer;
}

/** Runs decisions about agencies: event, state, read model and access record in one transaction. */
@Injectable()
export class AgencyCommands {
  constructor(private readonly store: EventStore) {}

  /** An act of the agency itself. The view is of the moment of the act, also when the same request is repeated. */
  async act(agency: string, input: CommandInput, at: Date, decide: Decide): Promise<AgencyView | Refusal> {
    return this.#answer([this.#command(agency, input, at, decide)]);
  }

  /** An act of the centre's staff, recorded in access.events as `act` in the same transaction. */
  async administer(
    act: string,
    agency: string,
    input: CommandInput,
    at: Date,
    decide: Decide,
  ): Promise<AgencyView | Refusal> {
    let accepted = false;
    const command = this.#command(agency, input, at, (current) => {
      const decision = decide(current);
      accepted = !('refused' in decision);
      return decision;
    });
    const record = { by: input.context.actor, act, target: `agency:${agency}` };
    return this.#answer([command, recordOf(record, input, () => accepted)]);
  }

  /** An act of this service, with effects of its own. Refused is what was done before. @throws EventStoreError */
  async complete(agency: string, context: RequestContext, decide: Decide, effects: SqlEffect[]): Promise<void> {
    const command: Command<AgencyView | Refusal> = {
      stream: agencyStream(agency),
      context,
      decide: (current) => outcomeOf(decide(read(current.state)), effects),
    };
    replyOf(await this.store.execute(command));
  }

  #command(agency: string, input: CommandInput, at: Date, decide: Decide): Command<AgencyView | Refusal> {
    return {
      stream: agencyStream(agency),
      context: input.context,
      idempotency: { key: input.idempotencyKey, requestDigest: input.requestDigest },
      decide: (current) => {
        const decision = decide(read(current.state));
        return outcomeOf(decision, 'refused' in decision ? [] : Sanctions.recording(decision.event, at));
      },
    };
  }

  /** What the first command came to; without a record there is no act. */
  async #answer(commands: Command<AgencyView | Refusal>[]): Promise<AgencyView | Refusal> {
    try {
      const [first] = await this.store.executeAll(commands);
      return replyOf(first!);
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      throw new ProblemException(error.code === 'contended' ? 'concurrent-change' : 'cannot-record');
    }
  }
}

function outcomeOf(decision: Decision, effects: SqlEffect[]): Outcome<AgencyView | Refusal> {
  if ('refused' in decision) return { kind: 'nothing', reply: decision };
  const { event, agency } = decision;
  return {
    kind: 'append',
    events: [jsonEvent(event.type, event.data)],
    state: Buffer.from(JSON.stringify(agency)),
    reply: viewOf(agency),
    effects: [Agencies.saving(agency), ...effects],
  };
}

/**
 * A record of access.events, on a stream of its own. It has an idempotency key too: a repeated request replays the act,
 * and must not record it twice.
 */
function recordOf(
  record: AccessEventData<typeof ACCESS_ADMINISTERED>,
  input: CommandInput,
  acted: () => boolean,
): Command<AgencyView | Refusal> {
  return {
    stream: randomUUID(),
    context: input.context,
    idempotency: { key: `${input.idempotencyKey}|record`, requestDigest: input.requestDigest },
    decide: () => {
      const reply = refuse('already-exists');
      if (!acted()) return { kind: 'nothing', reply };
      return { kind: 'append', events: [jsonEvent(ACCESS_ADMINISTERED, record)], state: Buffer.alloc(0), reply };
    },
  };
}

function replyOf(executed: Executed<AgencyView | Refusal>): AgencyView | Refusal {
  switch (executed.kind) {
    case 'done':
      return executed.reply;
    case 'idempotency-mismatch':
      return refuse('idempotency-mismatch');
    case 'event-too-large':
      return refuse('event-too-large');
    case 'constraint':
      throw new Error(`the read model's ${executed.constraint} contradicts the agency's stream`);
  }
}

function read(state: Buffer | null): Agency | undefined {
  return state === null ? undefined : (JSON.parse(state.toString()) as Agency);
}

function jsonEvent(type: string, data: object): NewEvent {
  return { type, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) };
}
