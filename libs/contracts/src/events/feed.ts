import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { grantStop } from './consent.js';

/** CloudEvents inside the blocks of a feed. */
export const FEED_PROFILE_CHANGED = 'sluice.feed.profile-changed.v1';
export const FEED_SNAPSHOT = 'sluice.feed.snapshot.v1';
export const FEED_GRANT_STOPPED = 'sluice.feed.grant-stopped.v1';
export const FEED_GRANT_PAUSED = 'sluice.feed.grant-paused.v1';
export const FEED_GRANT_NARROWED = 'sluice.feed.grant-narrowed.v1';
export const FEED_AGENCY_SUSPENDED = 'sluice.feed.agency-suspended.v1';
export const FEED_AGENCY_RESTORED = 'sluice.feed.agency-restored.v1';

const values = z.record(z.string(), z.unknown());

export const feedEvents = {
  // No version of the profile: its steps would tell a recipient that something else changed.
  [FEED_PROFILE_CHANGED]: z.strictObject({ attributes: values }),
  [FEED_SNAPSHOT]: z.strictObject({ attributes: values }),
  [FEED_GRANT_STOPPED]: z.strictObject({ state: grantStop, deleteBy: z.iso.datetime().optional() }),
  [FEED_GRANT_PAUSED]: z.strictObject({}),
  /** The attributes that are left. */
  [FEED_GRANT_NARROWED]: z.strictObject({ attributes: z.array(attributeCode) }),
  [FEED_AGENCY_SUSPENDED]: z.strictObject({ state: z.enum(['suspended', 'revoked']) }),
  [FEED_AGENCY_RESTORED]: z.strictObject({}),
} as const;

export type FeedEventType = keyof typeof feedEvents;
export type FeedEventData<T extends FeedEventType> = z.output<(typeof feedEvents)[T]>;

/**
 * Structured CloudEvent of a block, as recipients see it. Sequences are decimal strings (CloudEvents `sequence`).
 *
 * `time` is when the authority recorded what the event is about. An event with `replay` was decided once more under the
 * grants of today: its `sequence` is new, its `time` is the original's, and what it says may have been overtaken since.
 */
export interface FeedCloudEvent<T extends FeedEventType = FeedEventType> {
  specversion: '1.0';
  id: string;
  source: '/delivery';
  type: T;
  /** Pairwise subject id; absent in notices about the agency itself. */
  subject?: string;
  time: string;
  sequence: string;
  datacontenttype: 'application/json';
  grant?: string;
  purpose?: string;
  basis?: string;
  /** The plan of the replay that this delivery belongs to; absent for what is new. */
  replay?: string;
  data: FeedEventData<T>;
}
