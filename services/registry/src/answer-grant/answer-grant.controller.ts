import { hash } from 'node:crypto';
import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  attributeSet,
  type ConsentEventData,
  consentEvents,
  GRANT_ACTIVATED,
  GRANT_RESUMED,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_WIDENED,
} from '@sluice/contracts';
import { HandlerFailures, type IncomingEvent, Poison, Retryable } from '@sluice/messaging';
import { isRefusal } from '@sluice/platform';
import { recordingProblem } from '@sluice/recording';
import { decideSnapshot } from '../domain/subject.js';
import { REGISTRY_ACTOR } from '../store/sealed-subject.js';
import { Subjects } from '../store/subjects.js';

type Asking = typeof GRANT_ACTIVATED | typeof GRANT_RESUMED | typeof GRANT_WIDENED | typeof GRANT_SNAPSHOT_REQUESTED;

/** Answers a grant that begins, goes on or grows with the present values, on the subject's own stream. */
@Controller()
@UseFilters(HandlerFailures)
export class AnswerGrantController {
  constructor(private readonly subjects: Subjects) {}

  @EventPattern(GRANT_ACTIVATED)
  async activated(@Payload() event: IncomingEvent): Promise<void> {
    await this.answer(GRANT_ACTIVATED, event);
  }

  @EventPattern(GRANT_RESUMED)
  async resumed(@Payload() event: IncomingEvent): Promise<void> {
    await this.answer(GRANT_RESUMED, event);
  }

  @EventPattern(GRANT_WIDENED)
  async widened(@Payload() event: IncomingEvent): Promise<void> {
    await this.answer(GRANT_WIDENED, event);
  }

  @EventPattern(GRANT_SNAPSHOT_REQUESTED)
  async snapshotRequested(@Payload() event: IncomingEvent): Promise<void> {
    await this.answer(GRANT_SNAPSHOT_REQUESTED, event);
  }

  private async answer(type: Asking, event: IncomingEvent): Promise<void> {
    const read = consentEvents[type].safeParse(event.json());
    if (!read.success) throw new Poison('payload-not-as-contracted');
    // A grant to ask receives nothing by itself.
    if (read.data.terms.mode === 'query') return;
    const taken = await this.takeSnapshot(read.data, event).catch((error: unknown) => {
      throw recordingProblem(error) === undefined ? error : new Retryable('the database is away', { cause: error });
    });
    if (isRefusal(taken)) {
      // Too many commands wait: that passes. Anything else is about this event.
      throw taken.refused === 'queue-full' ? new Retryable(taken.refused) : new Poison(taken.refused);
    }
  }

  private takeSnapshot({ grant, grantVersion, subject, terms }: ConsentEventData<Asking>, event: IncomingEvent) {
    const attributes = attributeSet(terms.attributes);
    const { id, correlationId, traceparent } = event;
    return this.subjects.execute({
      subject: subject,
      context: {
        actor: REGISTRY_ACTOR,
        correlationId,
        causationId: id,
        ...(traceparent !== undefined && { traceparent }),
      },
      // One answer to each version of a grant, however often its event arrives.
      idempotency: {
        key: `${REGISTRY_ACTOR}|snapshot|${grant}|${grantVersion}`,
        requestDigest: hash('sha256', `${subject}|${attributes}`, 'buffer'),
      },
      decide: (present) => decideSnapshot(present, attributes, { grant, grantVersion }),
    });
  }
}
