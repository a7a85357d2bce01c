import type { FeedCloudEvent, FeedEventType } from '@sluice/contracts';

/**
 * A delivery: a CloudEvent in structured form, told apart by `type`. Attribute values are as the catalogue describes
 * them, by code. Give your switch a `default` that does nothing: a newer centre may send types this SDK does not know.
 */
export type FeedEvent = { [T in FeedEventType]: FeedCloudEvent<T> }[FeedEventType];

/** A delivery of something earlier: `replay` is the centre's plan, `time` that of the original. */
export type ReplayedEvent = FeedEvent & { replay: string };
