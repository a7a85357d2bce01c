import { Injectable } from '@nestjs/common';
import { EventStore, type Executed, type SqlEffect } from '@sluice/event-store';
import type { Refusal } from '@sluice/platform';
import { SubjectKeys } from '@sluice/vault';
import type { Profile } from '../domain/profile.js';
import type { Nobody } from '../domain/subject.js';
import { Milestones } from './milestones.js';
import { openProfile } from './sealed-subject.js';
import {
  IDENTITY_CONSTRAINT,
  type SubjectChanged,
  type SubjectCommand,
  SubjectCommands,
  type SubjectReply,
} from './subject-commands.js';

/** Single commands that may wait for the database at once: about a second's work; who comes later is told to. */
const MAX_WAITING = 2_000;
const RETRY_AFTER_S = 1;

const QUEUE_FULL: Refusal = { refused: 'queue-full', retryAfterS: RETRY_AFTER_S };

/** The subjects and their values. What fails here and is no refusal is an `EventStoreError`. */
@Injectable()
export class Subjects {
  private waiting = 0;

  constructor(
    private readonly events: EventStore,
    private readonly keys: SubjectKeys,
    private readonly commands: SubjectCommands,
    private readonly milestones: Milestones,
  ) {}

  /** How many single commands wait for their commit. */
  get queueLength(): number {
    return this.waiting;
  }

  /** The id of a person whom a publisher registers with this request. */
  newSubject(idempotencyKey: string): string {
    return this.commands.newSubject(idempotencyKey);
  }

  /** Answers after the commit. */
  async execute(command: SubjectCommand): Promise<SubjectChanged | Refusal> {
    if (this.waiting >= MAX_WAITING) return QUEUE_FULL;
    this.waiting++;
    try {
      const executed = await this.events.execute(this.commands.commandFor(command));
      this.milestones.notice(command.subject, executed);
      return replyOf(executed);
    } finally {
      this.waiting--;
    }
  }

  /** Like `execute`, for somebody who gets a data key with it. */
  async register(command: SubjectCommand): Promise<SubjectChanged | Refusal> {
    if (this.waiting >= MAX_WAITING) return QUEUE_FULL;
    await this.keys.preload([command.subject], true);
    return this.execute(command);
  }

  /** All of these in order and in one transaction, together with the effects that `withReplies` wants. */
  async executeAll(
    commands: readonly SubjectCommand[],
    withReplies: (replies: SubjectReply[]) => SqlEffect[],
  ): Promise<SubjectReply[]> {
    const executed = await this.events.executeAll(
      commands.map((command) => this.commands.commandFor(command)),
      (results) => withReplies(results.map(replyOf)),
    );
    executed.forEach((result, index) => {
      this.milestones.notice(commands[index]!.subject, result);
    });
    return executed.map(replyOf);
  }

  async load(subject: string): Promise<Profile | Nobody> {
    const [current] = await Promise.all([this.events.load(subject), this.keys.preload([subject], false)]);
    if (current.version === 0) return 'absent';
    const key = this.keys.get(subject);
    return key === undefined ? 'erased' : openProfile(key, subject, current);
  }
}

function replyOf(executed: Executed<SubjectReply>): SubjectReply {
  switch (executed.kind) {
    case 'done':
      return executed.reply;
    case 'idempotency-mismatch':
    case 'event-too-large':
      return { refused: executed.kind };
    case 'constraint':
      if (executed.constraint === IDENTITY_CONSTRAINT) return { refused: 'already-registered' };
      throw new Error(`an effect broke ${executed.constraint}`);
  }
}
