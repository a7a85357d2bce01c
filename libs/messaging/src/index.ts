export type { KafkaConnection } from './connection.js';
export { MessagingError, type MessagingErrorCode, Poison, Retryable } from './errors.js';
export type { IncomingEvent } from './incoming-event.js';
export type { MessagingLogger } from './kafkajs-client.js';
export { MESSAGING_MIGRATIONS } from './migrations.js';
export {
  type ParkedAction,
  type ParkedDetail,
  type ParkedMessage,
  ParkedMessages,
  type ParkedOutcome,
} from './parked-messages.js';
export { PartitionGroup, type PartitionGroupObserver, type PartitionGroupOptions } from './partition-group.js';
export {
  headerOf,
  PartitionPuller,
  type PullError,
  type Pulled,
  type PulledRecord,
  type PullOptions,
  type PullWant,
} from './partition-puller.js';
export {
  connectPushedEvents,
  HandlerFailures,
  PushedEvents,
  type PushedEventsOptions,
  STOPS,
} from './pushed-events.js';
export { createRecordProducer } from './queued-producer.js';
export { ensureReadAccess, type ReadAccess } from './read-access.js';
export type { OutgoingRecord, RecordProducer } from './record-producer.js';
export { PublishFailed, PublishRefused, type PublishShortfall, type RefusedRecord } from './send-call.js';
export { endOffsets, ensureTopics, type TopicPlan } from './topics.js';
