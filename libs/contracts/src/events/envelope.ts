/**
 * Names of the Kafka headers that carry a CloudEvent's attributes in binary mode (CloudEvents 1.0,
 * Kafka protocol binding 3.2), and of our extensions.
 */
export const HEADER = {
  contentType: 'content-type',
  specVersion: 'ce_specversion',
  id: 'ce_id',
  source: 'ce_source',
  type: 'ce_type',
  time: 'ce_time',
  partitionKey: 'ce_partitionkey',
  /** The version of the stream after this event, decimal. */
  sequence: 'ce_sequence',
  /** `xid.position`: strictly increasing in a partition as published; what is not above the last one is a repeat. */
  logPosition: 'ce_logposition',
  /** Who acted: `person:…`, `agency:…`, `staff:…`, `service:…`. */
  actor: 'ce_actor',
  correlationId: 'ce_correlationid',
  causationId: 'ce_causationid',
  traceParent: 'traceparent',
  /** `1` where an operator released a halted stream: its log position is then not comparable. */
  late: 'ce_late',
} as const;

/** Headers of a block on a feed. */
export const FEED_HEADER = {
  contentType: 'content-type',
  keyId: 'sluice_kid',
  key: 'sluice_key',
  first: 'sluice_first',
  count: 'sluice_count',
  previous: 'sluice_previous',
  traceParent: 'traceparent',
} as const;

export const JSON_CONTENT = 'application/json';
/** A sealed change: see codec/sealed-change.ts. */
export const SEALED_CONTENT = 'application/vnd.sluice.sealed-change';
export const LEDGER_CONTENT = 'application/vnd.sluice.ledger-batch';
export const BLOCK_CONTENT = 'application/cloudevents-batch+json';
