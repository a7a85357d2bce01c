import { feedTopic, LANES, MAX_RECORD_BYTES } from '@sluice/contracts';
import { ensureReadAccess, ensureTopics, type KafkaConnection } from '@sluice/messaging';

/** A recipient that stays away longer than this asks for a new snapshot. */
const FEED_RETENTION_MS = 7 * 24 * 3_600_000;

/**
 * Makes the feed of an accredited agency: its topic, and the right to read it for that agency alone. Uses an
 * account of its own: the one that delivers cannot create topics or give rights.
 */
export class FeedProvisioner {
  readonly #made = new Map<string, Promise<void>>();

  constructor(private readonly connection: KafkaConnection) {}

  /** Idempotent; one attempt per process and agency, tried again after a failure. */
  ensure(agency: string): Promise<void> {
    let made = this.#made.get(agency);
    if (made === undefined) {
      made = this.#make(agency);
      this.#made.set(agency, made);
      made.catch(() => this.#made.delete(agency));
    }
    return made;
  }

  async #make(agency: string): Promise<void> {
    const topic = feedTopic(agency);
    const config = { 'retention.ms': String(FEED_RETENTION_MS), 'max.message.bytes': String(MAX_RECORD_BYTES) };
    await ensureTopics(this.connection, [{ topic, partitions: LANES, config }]);
    await ensureReadAccess(this.connection, { principal: agency, topic, groupPrefix: `${agency}.` });
  }
}
