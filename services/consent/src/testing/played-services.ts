import { randomUUID } from 'node:crypto';
import {
  type AccreditationScope,
  AGENCY_ACCREDITED,
  agencyStream,
  GRANT_FENCE_APPLIED,
  GRANT_NARROWED,
  GRANT_PAUSED,
  GRANT_STOPPED,
  laneOf,
  TOPICS,
} from '@sluice/contracts';
import { SCOPE } from './grants.js';
import { type OtherService, type SeenEvent, type TopicWatch } from './topics.js';

const STOPPING: readonly string[] = [GRANT_STOPPED, GRANT_PAUSED, GRANT_NARROWED];

/** Plays delivery: answers every stop on consent.events with a fence at the next sequence of its lane. */
export class PlayedDelivery {
  /** Off: stops are only remembered, for a test to answer them. */
  answering = true;
  readonly unanswered: SeenEvent[] = [];
  #sequence = 100;

  constructor(
    events: TopicWatch,
    private readonly kafka: OtherService,
    isOurs: (agency: string) => boolean,
  ) {
    events.onEvent((event) => {
      // Other tests are at work on the same topic.
      if (!STOPPING.includes(event.type) || !isOurs((event.data as { terms: { agency: string } }).terms.agency)) return;
      if (this.answering) void this.answer(event);
      else this.unanswered.push(event);
    });
  }

  /** The fence of one stop; the same id is the same fence, published again. */
  async answer({ data }: SeenEvent, id: string = randomUUID(), sequence = ++this.#sequence): Promise<void> {
    const { grant, grantVersion, subject, terms } = data as {
      grant: string;
      grantVersion: number;
      subject: string;
      terms: { agency: string };
    };
    const fence = { grant, subject, agency: terms.agency, grantVersion, lane: laneOf(subject), sequence };
    await this.kafka.publish(TOPICS.fences, GRANT_FENCE_APPLIED, subject, fence, id);
  }
}

/** Plays vetting: what it says of agencies. */
export class PlayedVetting {
  readonly #versions = new Map<string, number>();

  constructor(private readonly kafka: OtherService) {}

  async accredit(agency: string, scope: AccreditationScope = SCOPE): Promise<void> {
    await this.say(agency, AGENCY_ACCREDITED, {
      details: { name: { en: 'A bank', zh: '银行' }, uscc: '91350100M000100Y43', kind: 'bank' },
      publicKey: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) },
      keyEpoch: 1,
      scope,
    });
  }

  async say(agency: string, type: string, rest: object): Promise<void> {
    const agencyVersion = this.versionOf(agency) + 1;
    this.#versions.set(agency, agencyVersion);
    await this.kafka.publish(TOPICS.vetting, type, agencyStream(agency), { agency, agencyVersion, ...rest });
  }

  versionOf(agency: string): number {
    return this.#versions.get(agency) ?? 0;
  }
}
