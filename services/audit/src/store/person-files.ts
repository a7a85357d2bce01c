import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ACCESS_ADMINISTERED, JSON_CONTENT } from '@sluice/contracts';
import {
  type Command,
  type EventContext,
  EventStore,
  EventStoreError,
  type Executed,
  type SqlEffect,
} from '@sluice/event-store';
import { ProblemException, type Refusal, type RequestContext, refuse } from '@sluice/platform';
import {
  EMPTY_FILE,
  evolve,
  type FileDecision,
  type FileEvent,
  type PersonFile,
} from '../domain/person-file/person-file.js';

/** The part of a request that a command needs; see `InputOf` of the platform. */
export interface CommandInput {
  readonly context: RequestContext;
  readonly idempotencyKey: string;
  readonly requestDigest: Buffer;
}

/** One command on a person's file. */
export interface FileTask<R> {
  subject: string;
  /** Pure: it runs again when another writer was first. */
  decide: (file: PersonFile) => FileDecision;
  /** What the caller gets, now and when the command is repeated: no personal value. */
  reply: (event: FileEvent, file: PersonFile) => R;
  /** The read models, in the event's transaction. */
  effects: (event: FileEvent, file: PersonFile) => SqlEffect[];
}

/** Runs decisions about cases and seals: event, state and read models in one transaction on the person's stream. */
@Injectable()
export class PersonFiles {
  constructor(private readonly store: EventStore) {}

  async act<R>(task: FileTask<R>, input: CommandInput): Promise<R | Refusal> {
    return this.#answer([commandOf(task, input.context, input)]);
  }

  /** An act of the centre's staff, recorded in access.events as `act` on `target` in the same transaction. */
  async administer<R>(task: FileTask<R>, act: string, target: string, input: CommandInput): Promise<R | Refusal> {
    let acted = false;
    const command = commandOf(task, input.context, input);
    const watched: Command<R | Refusal> = {
      ...command,
      decide: (current) => {
        const outcome = command.decide(current);
        acted = outcome.kind === 'append';
        return outcome;
      },
    };
    return this.#answer([watched, recordOf<R>({ by: input.context.actor, act, target }, input, () => acted)]);
  }

  /** Tasks of this service itself; what has moved since is left as it is. Gives how many changed something. */
  async runAll(tasks: readonly FileTask<null>[]): Promise<number> {
    const context: EventContext = { actor: 'service:audit', correlationId: randomUUID() };
    const results = await Promise.all(tasks.map((task) => this.store.execute(commandOf(task, context))));
    return results.filter((result) => result.kind === 'done' && result.appended).length;
  }

  async #answer<R>(commands: Command<R | Refusal>[]): Promise<R | Refusal> {
    try {
      const [first] = await this.store.executeAll(commands);
      return replyOf(first!);
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      throw new ProblemException(error.code === 'contended' ? 'concurrent-change' : 'cannot-record');
    }
  }
}

function commandOf<R>(
  { subject, decide, reply, effects }: FileTask<R>,
  context: EventContext,
  repeat?: CommandInput,
): Command<R | Refusal> {
  return {
    stream: subject,
    context,
    ...(repeat !== undefined && {
      idempotency: { key: repeat.idempotencyKey, requestDigest: repeat.requestDigest },
    }),
    decide: ({ state }) => {
      const file = state === null ? EMPTY_FILE : (JSON.parse(state.toString()) as PersonFile);
      const decision = decide(file);
      if ('refused' in decision) return { kind: 'nothing', reply: decision };
      const after = evolve(file, decision);
      return {
        kind: 'append',
        events: [jsonEvent(decision.type, decision.data)],
        state: Buffer.from(JSON.stringify(after)),
        reply: reply(decision, after),
        effects: effects(decision, after),
      };
    },
  };
}

/** A repeated request replays the act, and must not record it twice: the record has an idempotency key too. */
function recordOf<R>(record: object, input: CommandInput, acted: () => boolean): Command<R | Refusal> {
  const reply = refuse('already-exists');
  return {
    stream: randomUUID(),
    context: input.context,
    idempotency: { key: `${input.idempotencyKey}|record`, requestDigest: input.requestDigest },
    decide: () =>
      acted()
        ? { kind: 'append', events: [jsonEvent(ACCESS_ADMINISTERED, record)], state: Buffer.alloc(0), reply }
        : { kind: 'nothing', reply },
  };
}

function replyOf<R>(executed: Executed<R | Refusal>): R | Refusal {
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

function jsonEvent(type: string, data: object) {
  return { type, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) };
}
