export type { KafkaConnection } from './connection.js';
export { MessagingError, type MessagingErrorCode, Poison, Retryable } from './errors.js';
export { PartitionGroup, type PartitionGroupObserver, type PartitionGroupOptions } from './group/partition-group.js';
export { MESSAGING_MIGRATIONS } from './migrations.js';
export {
  type ParkedAction,
  type ParkedDetail,
  type ParkedMessage,
  ParkedMessages,
  type ParkedOutcome,
} from './parked/parked-messages.js';
export { createRecordProducer } from './produce/queued-producer.js';
export type { OutgoingRecord, RecordProducer } from './produce/record-producer.js';
export { PublishFailed, PublishRefused, type PublishShortfall, type RefusedRecord } from './produce/send-call.js';
export {
  headerOf,
  PartitionPuller,
  type PullError,
  type Pulled,
  type PulledRecord,
  type PullOptions,
  type PullWant,
} from './pull/partition-puller.js';
export { HeaderWalk } from './pull/record-batch-reader.js';
export { TopicSource, type TopicSourceOptions } from './pull/topic-source.js';
export { HandlerFailures } from './push/failure-filter.js';
export type { IncomingEvent } from './push/incoming-event.js';
export type { MessagingLogger } from './push/kafkajs-client.js';
export { PushedEvents, type PushedEventsOptions, STOPS } from './push/pushed-events.js';
export { ensureReadAccess, type ReadAccess } from './read-access.js';
export { endOffsets, ensureTopics, type TopicPlan } from './topics.js';
