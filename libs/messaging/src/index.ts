export type { KafkaConnection } from './connection.js';
export { Poison, Retryable } from './errors.js';
export type { IncomingEvent } from './incoming-event.js';
export {
  type ParkedAction,
  type ParkedDetail,
  type ParkedMessage,
  ParkedMessages,
  type ParkedOutcome,
} from './parked-messages.js';
export { PartitionGroup, type PartitionGroupObserver, type PartitionGroupOptions } from './partition-group.js';
export { PartitionPuller, type PullError, type Pulled, type PulledRecord, type PullWant } from './partition-puller.js';
export { createRecordProducer, type OutgoingRecord, type RecordProducer } from './producer.js';
export { PushedEvents, type PushedEventsOptions, STOPS } from './pushed-events.js';
export { endOffsets, ensureTopics, type TopicPlan } from './topics.js';
